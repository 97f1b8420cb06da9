/** What a new configuration does: a pure function of two configurations. */

import { createHash } from 'node:crypto';
import type { Problem } from '../../errors.ts';
import type { ServerSettings, ServerSpecification } from '../../specification.ts';
import type { Configuration } from '../configuration.ts';
import { expandableTexts } from '../entry.ts';
import { secretsIn } from '../expand/expression.ts';
import { groupChanges, type SettingChange, settingChanges } from './setting-changes.ts';

/**
 * Every server of either configuration is named exactly once. A disabled server is not started; one that a person has
 * started all the same is made anew when what it runs changes.
 */
export interface Plan {
  /** New, or enabled again. */
  readonly start: readonly string[];
  /** Removed, or disabled: the new configuration tells which. */
  readonly stop: readonly string[];
  /** What its process or connection is made of changed. */
  readonly restart: readonly string[];
  /** Numbers or filters changed, or a disabled server came or changed: no restart. */
  readonly change: readonly string[];
  readonly keep: readonly string[];
  /** Names of the groups that act otherwise, from now on. */
  readonly groups: readonly string[];
  /** Settings of mcpvisor itself that are others, with when they take effect. */
  readonly settings: readonly SettingChange[];
  readonly warnings: readonly Problem[];
}

/** A plan, and what else is to be known to carry it out. */
export interface Decision {
  readonly plan: Plan;
  /** Servers that were there before and whose process or connection is made of something else now, running or not. */
  readonly remade: ReadonlySet<string>;
}

type Step = 'start' | 'stop' | 'restart' | 'change' | 'keep';

/**
 * `current` null: nothing is there yet. `started`: the configuration of the start, of which some settings are read
 * then only. Servers are in the order of `next`, then those that are gone.
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

/** The plan alone, for those who only want to know. */
export function planOf(current: Configuration | null, next: Configuration, started = current): Plan {
  return decide(current, next, started).plan;
}

/** How much a plan does. */
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

/** Whether a `${secret:NAME}` that the server uses stands for something else now. */
function hasOtherSecrets(specification: ServerSpecification, current: Configuration, next: Configuration): boolean {
  if (typeof specification.transport !== 'string') return false;
  return expandableTexts(specification)
    .flatMap(({ text }) => secretsIn(text))
    .some((name) => current.settings.secrets.get(name) !== next.settings.secrets.get(name));
}

/**
 * Settings that can change without touching the process or the connection. Everything else is hard, so that a new field
 * is never forgotten.
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

/** `sha256:…` over what defines the process or connection, before expansion: the same for every way of writing it. */
export function hashOf(specification: ServerSpecification): string {
  return `sha256:${createHash('sha256').update(hardTextOf(specification)).digest('hex')}`;
}

function hardTextOf(specification: ServerSpecification): string {
  const hard = Object.fromEntries(Object.entries(specification).filter(([key]) => !softKeys.has(key)));
  return canonical(withHardEntry(hard));
}

/** A hosted server's entry repeats the settings as they were written: only the host's own words count. */
function withHardEntry(hard: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (typeof hard.entry !== 'object' || hard.entry === null) return hard;
  return {
    ...hard,
    entry: Object.fromEntries(
      Object.entries(hard.entry).filter(([key]) => (!softKeys.has(key) && key !== 'disabled') || key === 'name'),
    ),
  };
}

/** JSON with sorted keys. Live objects that a host put into an entry do not count. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    if (Object.getPrototypeOf(inner) !== Object.prototype) return undefined;
    return Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
