/** What a new configuration changes: a pure function of two configurations. */

import { createHmac } from 'node:crypto';
import type { Problem } from '../../errors.ts';
import type { ServerSettings, ServerSpecification } from '../../specification.ts';
import type { Configuration } from '../configuration.ts';
import { expandableTexts } from '../entries/expandable-texts.ts';
import { secretsIn } from '../expand/expression.ts';
import { canonical } from './canonical.ts';
import { groupChanges, type SettingChange, settingChanges } from './setting-changes.ts';

/** Every server of either configuration is listed exactly once. */
export interface Plan {
  /** New, or enabled again. */
  readonly start: readonly string[];
  /** Enabled until now, and removed or disabled: the new configuration tells which. */
  readonly stop: readonly string[];
  /** Its process or connection is configured differently. */
  readonly restart: readonly string[];
  /** Numbers or filters changed: no restart. */
  readonly change: readonly string[];
  readonly keep: readonly string[];
  readonly disabled: DisabledSteps;
  /** Names of the groups whose behaviour changes, effective now. */
  readonly groups: readonly string[];
  /** Changed settings of mcpvisor itself, with when they take effect. */
  readonly settings: readonly SettingChange[];
  readonly warnings: readonly Problem[];
}

/**
 * What a plan does to servers that are not to run, neither before nor after. Of those that a person has started all the
 * same, one whose process or connection changes is restarted, and one that is removed is stopped.
 */
export interface DisabledSteps {
  readonly add: readonly string[];
  readonly change: readonly string[];
  readonly remove: readonly string[];
}

/** A plan, and what else is needed to carry it out. */
export interface Decision {
  readonly plan: Plan;
  /** Existing servers whose process or connection is configured differently now, running or not. */
  readonly remade: ReadonlySet<string>;
}

type Step = 'start' | 'stop' | 'restart' | 'change' | 'keep' | `disabled.${keyof DisabledSteps}`;

/**
 * `current` null: there are no servers yet. `started`: the configuration at the start, when some settings are read
 * once. Servers are in the order of `next`, then removed ones.
 */
export function decide(current: Configuration | null, next: Configuration, started = current): Decision {
  const remade = remadeBy(current, next);
  const names = new Set([...next.servers.keys(), ...(current?.servers.keys() ?? [])]);
  const steps = [...names].map((name): readonly [string, Step] => [
    name,
    stepOf(current?.servers.get(name), next.servers.get(name), remade.has(name)),
  ]);
  const named = (step: Step) => steps.filter(([, taken]) => taken === step).map(([name]) => name);
  const plan = {
    start: named('start'),
    stop: named('stop'),
    restart: named('restart'),
    change: named('change'),
    keep: named('keep'),
    disabled: { add: named('disabled.add'), change: named('disabled.change'), remove: named('disabled.remove') },
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
export function countOf({ start, stop, restart, change, disabled, groups, settings }: Plan): number {
  const { add, change: edit, remove } = disabled;
  const all = [start, stop, restart, change, add, edit, remove, groups, settings];
  return all.reduce((sum, { length }) => sum + length, 0);
}

function remadeBy(current: Configuration | null, next: Configuration): ReadonlySet<string> {
  if (current === null) return new Set();
  return new Set(
    [...next.servers].flatMap(([name, specification]) => {
      const before = current.servers.get(name);
      const isSame =
        before === undefined ||
        hardTextOf(before, current.settings.secrets) === hardTextOf(specification, next.settings.secrets);
      return isSame ? [] : [name];
    }),
  );
}

/** At least one of the two is there. */
function stepOf(
  before: ServerSpecification | undefined,
  after: ServerSpecification | undefined,
  isRemade: boolean,
): Step {
  const [was, is] = [before?.enabled === true, after?.enabled === true];
  if (was !== is) return is ? 'start' : 'stop';
  if (before === undefined) return 'disabled.add';
  if (after === undefined) return 'disabled.remove';
  if (!isRemade && canonical(before) === canonical(after)) return 'keep';
  if (!is) return 'disabled.change';
  return isRemade ? 'restart' : 'change';
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

/** What `mcpvisor.secrets` says that each `${secret:NAME}` is, before expansion. */
type Secrets = Configuration['settings']['secrets'];

/**
 * `hmac-sha256:…` of what defines the process or connection, before expansion: the same however it is written. With a
 * key, because an entry may hold a secret that is short enough to be guessed from its hash.
 */
export function hashOf(specification: ServerSpecification, secrets: Secrets, key: string): string {
  return `hmac-sha256:${createHmac('sha256', key).update(hardTextOf(specification, secrets)).digest('hex')}`;
}

function hardTextOf(specification: ServerSpecification, secrets: Secrets): string {
  const hard = Object.fromEntries(Object.entries(specification).filter(([key]) => !softKeys.has(key)));
  const used = secretsOf(specification).map((name) => [name, secrets.get(name) ?? null]);
  return `${canonical(withHardEntry(hard))}${used.length === 0 ? '' : canonical(used)}`;
}

/** The names of each `${secret:NAME}` that the server uses. */
function secretsOf(specification: ServerSpecification): readonly string[] {
  if (typeof specification.transport !== 'string') return [];
  return expandableTexts(specification).flatMap(({ text }) => secretsIn(text));
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
