/** The log level of each fact. */

import { topOf } from '../../../machines/state-path.ts';
import type { FactOf } from '../facts/describe.ts';
import type { Fact, FactType } from '../facts/fact.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];

/** A level, or a function that decides it where facts of one type differ in importance. */
type LevelsByType = { readonly [Type in FactType]: LogLevel | ((fact: FactOf<Type>) => LogLevel) };

const levelsByType = {
  'server.added': 'debug',
  'server.removed': 'info',
  'server.transitioned': levelOfServerStep,
  'server.failed': 'warn',
  'group.transitioned': 'debug',
  'group.removed': 'debug',
  'client.transitioned': ({ from, to }) => (topOf(from) === topOf(to) ? 'debug' : 'info'),
  'client.connected': 'info',
  'client.failed': 'error',
  'supervisor.transitioned': ({ from, to }) => (topOf(from) === topOf(to) ? 'debug' : 'info'),
  'dependencies.changed': 'debug',
  // The alarm says it aloud.
  'lists.unread': 'debug',
  'connections.crowded': 'debug',
  'round.opened': 'warn',
  'round.joined': 'warn',
  'round.closed': 'info',
  'actor.died': 'error',
  'session.opened': 'info',
  // `server.failed` says the same, with the failure.
  'session.closed': 'debug',
  'session.push': ({ available }) => (available ? 'debug' : 'info'),
  'session.notified': 'trace',
  'session.asked': 'debug',
  'call.started': 'trace',
  'call.settled': 'debug',
  'probe.sent': 'trace',
  'probe.answered': 'trace',
  'probe.missed': ({ counted }) => (counted ? 'warn' : 'debug'),
  'process.spawned': 'debug',
  'process.exited': 'debug',
  'process.killed': 'debug',
  'process.reaped': 'warn',
  'stray.found': 'warn',
  'stray.gone': 'info',
  'catalog.changed': ({ problems }) => (problems.length > 0 ? 'warn' : 'debug'),
  'command.accepted': 'debug',
  'command.settled': ({ outcome }) => (outcome === 'rejected' ? 'warn' : 'info'),
  'event.ignored': 'debug',
  'config.planned': 'debug',
  'config.applied': 'info',
  'config.rejected': 'error',
  'config.overruled': 'warn',
  'config.warned': 'warn',
  // The alarm says it, too.
  'store.degraded': 'debug',
  'store.recovered': 'info',
  'journal.gap': 'warn',
  'alarm.raised': 'warn',
  'alarm.cleared': 'info',
  'machine.resumed': 'info',
} satisfies LevelsByType;

/** Every type of fact: each has a level. */
export const factTypes: ReadonlySet<string> = new Set(Object.keys(levelsByType));

export function levelOf(fact: Fact): LogLevel {
  // The table is keyed by the fact's own type; TypeScript cannot follow a key and a value that vary together.
  const level = levelsByType[fact.type] as LogLevel | ((fact: Fact) => LogLevel);
  return typeof level === 'string' ? level : level(fact);
}

/** The types of facts that may have this level or a higher one. */
export function typesFrom(threshold: LogLevel): readonly FactType[] {
  const types = Object.keys(levelsByType) as FactType[];
  return types.filter((type) => {
    const level = levelsByType[type];
    return typeof level !== 'string' || isAtLeast(level, threshold);
  });
}

export function isAtLeast(level: LogLevel, threshold: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(threshold);
}

/** Steps within a state, like the probing of a quiet session, matter to people only when they lead out of it. */
function levelOfServerStep({ from, to }: FactOf<'server.transitioned'>): LogLevel {
  if (topOf(from) === topOf(to)) return 'debug';
  if (topOf(to) === 'failed') return 'error';
  return topOf(to) === 'heartbeat-timeout' || topOf(to) === 'needs-auth' ? 'warn' : 'info';
}
