/** What a new configuration does to the servers: a pure function of two configurations. */

import { createHash } from 'node:crypto';
import { type Problem, toLine } from '../errors.ts';
import type { ServerSettings, ServerSpecification } from '../specification.ts';
import type { Configuration } from './configuration.ts';
import { expandableTexts } from './entry.ts';
import { secretsIn } from './expand/expression.ts';

/** Every server of either configuration is named exactly once. */
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
  readonly warnings: readonly Problem[];
}

type Step = 'start' | 'stop' | 'restart' | 'change' | 'keep';

/** `current` null: nothing is there yet. Only names, in the order of `next`, then those that are gone. */
export function planOf(current: Configuration | null, next: Configuration): Plan {
  const gone = [...(current?.servers.keys() ?? [])].filter((name) => !next.servers.has(name));
  const steps = [...next.servers].map(([name, specification]): readonly [string, Step] => [
    name,
    stepOf(current, next, specification),
  ]);
  const named = (step: Step) => steps.filter(([, taken]) => taken === step).map(([name]) => name);
  return {
    start: named('start'),
    stop: [...named('stop'), ...gone],
    restart: named('restart'),
    change: named('change'),
    keep: named('keep'),
    warnings: next.warnings,
  };
}

function stepOf(current: Configuration | null, next: Configuration, specification: ServerSpecification): Step {
  const before = current?.servers.get(specification.name);
  if (current === null || before === undefined) return specification.enabled ? 'start' : 'change';
  if (before.enabled !== specification.enabled) return specification.enabled ? 'start' : 'stop';
  if (canonical(before) === canonical(specification) && !hasOtherSecrets(specification, current, next)) return 'keep';
  if (!specification.enabled) return 'change';
  return hashOf(before) !== hashOf(specification) || hasOtherSecrets(specification, current, next)
    ? 'restart'
    : 'change';
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
  const hard = Object.fromEntries(Object.entries(specification).filter(([key]) => !softKeys.has(key)));
  return `sha256:${createHash('sha256')
    .update(canonical(withHardEntry(hard)))
    .digest('hex')}`;
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

/** Plain lines for people. Says so if nothing changes. */
export function describePlan(plan: Plan): readonly string[] {
  const steps = (['start', 'stop', 'restart', 'change', 'keep'] as const).filter((step) => plan[step].length > 0);
  const lines = steps.map(
    (step) => `${step.padEnd(8)} ${plan[step].join(', ')}${step === 'change' ? ' (without a restart)' : ''}`,
  );
  const isQuiet = steps.every((step) => step === 'keep');
  return [
    ...(isQuiet ? ['nothing changes'] : []),
    ...lines,
    ...plan.warnings.map((problem) => `warning  ${toLine(problem)}`),
  ];
}
