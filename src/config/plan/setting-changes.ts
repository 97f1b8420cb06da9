/**
 * What another configuration changes besides its servers: the behaviour of groups, and the settings of mcpvisor itself.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../errors.ts';
import type { GlobalSettings, GroupSettings } from '../configuration.ts';
import { pathOf } from '../problems.ts';
import { settings } from '../settings/settings.ts';

export type SettingEffect = 'applied' | 'at the next start';

/** A setting that exists under `mcpvisor` only. Its value is not given: it may be a secret. */
export interface SettingChange {
  /** Dotted, below `mcpvisor`. */
  readonly path: string;
  readonly effect: SettingEffect;
}

/**
 * When a change of each takes effect. Groups are reported by name; defaults for all servers show up as changes of
 * servers.
 */
const effects = {
  shutdownMs: 'applied',
  clientProcess: 'applied',
  secrets: 'applied',
  approved: 'applied',
  journal: 'applied',
  // The listener and the admission checks are created from them once.
  http: 'at the next start',
} as const satisfies Readonly<Record<Exclude<keyof GlobalSettings, 'groups'>, SettingEffect>>;

/**
 * `started`: the settings read at the start. One that is back at its value from then need not wait for the next start.
 */
export function settingChanges(
  current: GlobalSettings,
  next: GlobalSettings,
  started: GlobalSettings,
): readonly SettingChange[] {
  return (Object.keys(effects) as (keyof typeof effects)[]).flatMap((key) => {
    const before = valuesAt(key, current);
    const after = valuesAt(key, next);
    const read = valuesAt(key, started);
    const paths = [...new Set([...before.keys(), ...after.keys()])];
    return paths
      .filter((path) => !isDeepStrictEqual(before.get(path), after.get(path)))
      .map((path) => ({
        path,
        effect: isDeepStrictEqual(after.get(path), read.get(path)) ? 'applied' : effects[key],
      }));
  });
}

/** Names of the groups whose behaviour changes. */
export function groupChanges({ groups: before }: GlobalSettings, { groups: after }: GlobalSettings): readonly string[] {
  const names = [...new Set([...after.keys(), ...before.keys()])];
  return names.filter((name) => !isDeepStrictEqual(before.get(name) ?? plain, after.get(name) ?? plain));
}

/** Warnings for people who expect an edit to be in force already. */
export function waitingWarnings(changes: readonly SettingChange[]): readonly Problem[] {
  return changes
    .filter(({ effect }) => effect === 'at the next start')
    .map(({ path }) => ({
      path: `mcpvisor.${path}`,
      message: 'is read at the start only: the change takes effect at the next start',
      hint: null,
      severity: 'warning',
    }));
}

/** The behaviour of a group without settings. */
const plain: GroupSettings = {
  strategy: settings['groups.NAME.strategy'].default,
  intensity: settings['groups.NAME.intensity'].default,
  periodMs: settings['groups.NAME.periodMs'].default,
};

/** By path; everything below one of these is one value. */
function valuesAt(key: keyof typeof effects, { [key]: value }: GlobalSettings): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object') return new Map([[key, value]]);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return new Map(entries.map(([name, inner]) => [pathOf([key, name]), inner]));
}
