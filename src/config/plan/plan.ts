/** What a new configuration changes: a pure function of two configurations. */

import { createHash } from 'node:crypto';
import type { Problem } from '../../errors.ts';
import type { ServerSettings, ServerSpecification } from '../../specification.ts';
import type { Configuration } from '../configuration.ts';
import { expandableTexts } from '../entries/entry.ts';
import { secretsIn } from '../expand/expression.ts';
import { groupChanges, type SettingChange, settingChanges } from './setting-changes.ts';

/**
 * Every server of either configuration is listed exactly once. A disabled server is not started; one that a person has
 * started anyway is restarted when its process or connection changes.
 */
export interface Plan {
  /** New, or enabled again. */
  readonly start: readonly string[];
  /** Removed or disabled: the new configuration tells which. */
  readonly stop: readonly string[];
  /** Its process or connection is configured differently. */
  readonly restart: readonly string[];
  /** Numbers or filters changed, or a disabled server was added or changed: no restart. */
  readonly change: readonly string[];
  readonly keep: readonly string[];
  /** Names of the groups whose behaviour changes, effective now. */
  readonly groups: readonly string[];
  /** Changed settings of mcpvisor itself, with when they take effect. */
  readonly settings: readonly SettingChange[];
  readonly warnings: readonly Problem[];
}

/** A plan, and what else is needed to carry it out. */
export interface Decision {
  readonly plan: Plan;
  /** Existing servers whose process or connection is configured differently now, running or not. */
  readonly remade: ReadonlySet<string>;
}

type Step = 'start' | 'stop' | 'restart' | 'change' | 'keep';

/**
 * `current` null: there are no servers yet. `started`: the configuration at the start, when some settings are read
 * once. Servers are in the order of `next`, then removed ones.
 */
export function decide(current: Configuration | null, next: Configuration, started = current): Decision {
  const gone = [...(current?.servers.keys() ?? [])].filter((name) => !next.servers.has(name));
  const remade = remadeBy(current, next);
  const steps = [...next.servers].map(([name, specification]): readonly [string, Step] => [
    name,
    stepOf(current?.servers.get(name), specification, remade.has(name)),
  ]);
  const named = (step: Step) => steps.filter(([, taken]) => taken === step).map(([name]) => name);
  const plan = {
    start: named('start'),
    stop: [...named('stop'), ...gone],
    restart: named('restart'),
    change: named('change'),
    keep: named('keep'),
    groups: current === null ? [] : groupChanges(current.settings, next.settings),
    settings: current === null ? [] : settingChanges(current.settings, next.settings, (started ?? current).settings),
    warnings: next.warnings,
  };
  return { plan, remade };
}

/** The plan alone, for callers that do not carry it out. */
export function planOf(current: Configuration | null, next: Configuration, started = current): Plan {
  return decide(current, next, started).plan;
}

/** How many changes a plan makes. */
export function countOf({ start, stop, restart, change, groups, settings }: Plan): number {
  return [start, stop, restart, change, groups, settings].reduce((sum, { length }) => sum + length, 0);
}

function remadeBy(current: Configuration | null, next: Configuration): ReadonlySet<string> {
  if (current === null) return new Set();
  return new Set(
    [...next.servers].flatMap(([name, specification]) => {
      const before = current.servers.get(name);
      const isSame =
        before === undefined ||
        (hardTextOf(before) === hardTextOf(specification) && !hasOtherSecrets(specification, current, next));
      return isSame ? [] : [name];
    }),
  );
}

function stepOf(before: ServerSpecification | undefined, after: ServerSpecification, isRemade: boolean): Step {
  if (before === undefined) return after.enabled ? 'start' : 'change';
  if (before.enabled !== after.enabled) return after.enabled ? 'start' : 'stop';
  if (isRemade) return after.enabled ? 'restart' : 'change';
  return canonical(before) === canonical(after) ? 'keep' : 'change';
}

/** Whether the text of a `${secret:NAME}` that the server uses has changed. */
function hasOtherSecrets(specification: ServerSpecification, current: Configuration, next: Configuration): boolean {
  if (typeof specification.transport !== 'string') return false;
  return expandableTexts(specification)
    .flatMap(({ text }) => secretsIn(text))
    .some((name) => current.settings.secrets.get(name) !== next.settings.secrets.get(name));
}

/**
 * Settings that can change without touching the process or the connection. All others are hard, so that a new field is
 * never forgotten.
 */
const softKeys: ReadonlySet<string> = new Set<keyof ServerSettings>([
  'name',
  'enabled',
  'required',
  'dependsOn',
  'lazy',
  'idleStopMs',
  'installTimeoutMs',
  'startTimeoutMs',
  'callTimeoutMs',
  'callMaxMs',
  'maxConcurrentCalls',
  'maxQueuedCalls',
  'heartbeat',
  'restart',
  'stop',
  'tools',
  'autoApprove',
]);

/** `sha256:…` of what defines the process or connection, before expansion: the same however it is written. */
export function hashOf(specification: ServerSpecification): string {
  return `sha256:${createHash('sha256').update(hardTextOf(specification)).digest('hex')}`;
}

function hardTextOf(specification: ServerSpecification): string {
  const hard = Object.fromEntries(Object.entries(specification).filter(([key]) => !softKeys.has(key)));
  return canonical(withHardEntry(hard));
}

/** A hosted server's entry repeats the settings as they were written: only the host's own keys count. */
function withHardEntry(hard: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (typeof hard.entry !== 'object' || hard.entry === null) return hard;
  return {
    ...hard,
    entry: Object.fromEntries(
      Object.entries(hard.entry).filter(([key]) => (!softKeys.has(key) && key !== 'disabled') || key === 'name'),
    ),
  };
}

/** JSON with sorted keys. Live objects that a host put into an entry are ignored. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    if (Object.getPrototypeOf(inner) !== Object.prototype) return undefined;
    return Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
