/** What another configuration changes beside its servers: how groups act, and the settings of mcpvisor itself. */

import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../errors.ts';
import type { GlobalSettings, GroupSettings } from '../configuration.ts';
import { pathOf } from '../problems.ts';
import { settings } from '../settings/settings.ts';

export type SettingEffect = 'applied' | 'at the next start';

/** A setting that stands under `mcpvisor` only. Its value is not told: it may be a secret. */
export interface SettingChange {
  /** Dotted, below `mcpvisor`. */
  readonly path: string;
  readonly effect: SettingEffect;
}

/**
 * When a change of each takes effect. Groups are told by their names, and nothing acts on `clientProcess` yet; the
 * defaults for all servers show as what they change about servers.
 */
const effects = {
  shutdownMs: 'applied',
  secrets: 'applied',
  // Listener and admission are made of them once.
  http: 'at the next start',
} as const satisfies Readonly<Record<Exclude<keyof GlobalSettings, 'groups' | 'clientProcess'>, SettingEffect>>;

/** `started`: the settings that were read at the start. What has been in force since then need not wait for another. */
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

/** Names of the groups that act otherwise from now on. */
export function groupChanges({ groups: before }: GlobalSettings, { groups: after }: GlobalSettings): readonly string[] {
  const names = [...new Set([...after.keys(), ...before.keys()])];
  return names.filter((name) => !isDeepStrictEqual(before.get(name) ?? plain, after.get(name) ?? plain));
}

/** What a person has to be told who thinks that an edit is in force. */
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

/** How a group acts that nobody says anything of. */
const plain: GroupSettings = {
  strategy: settings['groups.NAME.strategy'].default,
  intensity: settings['groups.NAME.intensity'].default,
  periodMs: settings['groups.NAME.periodMs'].default,
};

/** By path; what stands below one of these is one value. */
function valuesAt(key: keyof typeof effects, { [key]: value }: GlobalSettings): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object') return new Map([[key, value]]);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return new Map(entries.map(([name, inner]) => [pathOf([key, name]), inner]));
}
