/** A fact in one sentence for people: who, and what happened. */

import { kindOf } from '../../../machines/ids.ts';
import { crowdingText } from '../../../machines/server/alarms.ts';
import { toNameList, toWords } from '../../names.ts';
import { describeFailure } from './describe-failure.ts';
import type { Fact, FactType } from './fact.ts';

export type FactOf<Type extends FactType> = Extract<Fact, { readonly type: Type }>;

type Sentences = { readonly [Type in FactType]: (fact: FactOf<Type>) => string };

const sentences: Sentences = {
  'server.added': ({ transport, group }) => `added (${transport}, group ${toWords(group)})`,
  'server.removed': () => 'removed',
  'server.transitioned': (fact) =>
    `${fact.event === 'xstate.init' ? fact.to : arrow(fact.from, fact.to)}${whyOf(fact)}`,
  'server.failed': ({ failure }) => describeFailure(failure),
  'group.transitioned': ({ from, to }) => arrow(from, to),
  'group.removed': () => 'ended with its last server',
  'client.transitioned': ({ from, to }) => arrow(from, to),
  'client.connected': ({ pid, adopted, sessions }) =>
    adopted ? `process ${pid} was taken over with ${counted(sessions, 'session')}` : `process ${pid} started`,
  'client.failed': ({ failure }) => describeFailure(failure),
  'supervisor.transitioned': ({ from, to }) => arrow(from, to),
  'dependencies.changed': ({ waitingFor, blockedBy }) =>
    waitingFor.length === 0
      ? 'its dependencies are connected'
      : `not connected: ${toNameList(waitingFor)}${blockedBy === null ? '' : ` (${toWords(blockedBy)} is down)`}`,
  'lists.unread': ({ lists }) =>
    lists.length === 0 ? 'all its lists are read' : lists.map(({ reason }) => reason).join('; '),
  'connections.crowded': ({ crowding }) =>
    crowding === null ? 'no request waits long for a connection any more' : crowdingText(crowding),
  'round.opened': ({ trigger, victims }) => `${toWords(trigger)} failed and takes along ${toNameList(victims)}`,
  'round.joined': ({ trigger, victims }) =>
    `${toWords(trigger)} failed, too; with it go ${toNameList(victims) || 'no others'}`,
  'round.closed': ({ started }) => `starts again ${toNameList(started) || 'no others'}`,
  'actor.died': ({ message }) => `died of a bug in mcpvisor: ${message}`,
  'session.opened': ({ transport, protocolVersion, tools, resources, prompts }) =>
    `session open over ${transport}, protocol ${protocolVersion}: ${listsOf({ tools, resources, prompts })}`,
  'session.closed': ({ failure }) => `session closed${failure === null ? '' : `: ${describeFailure(failure)}`}`,
  'session.push': ({ available, reason }) =>
    available ? 'can tell us things unasked' : `cannot tell us things unasked${reason === null ? '' : `: ${reason}`}`,
  'session.notified': ({ method, count }) => `sent ${method}${lastOf(count)}`,
  'session.asked': ({ method, answered, count }) => `asked ${method}${answered ? '' : ', declined'}${lastOf(count)}`,
  'call.started': (fact) => `call ${callOf(fact)}`,
  'call.settled': (fact) => `call ${callOf(fact)}: ${fact.outcome} after ${durationOf(fact.durationMs)}`,
  'probe.sent': ({ kind }) => `probed (${kind})`,
  'probe.answered': ({ kind, latencyMs }) => `answered the probe (${kind}) after ${durationOf(latencyMs)}`,
  'probe.missed': ({ misses, counted }) =>
    counted ? `did not answer a probe (${misses} in a row)` : 'did not answer a probe, which does not count',
  'process.spawned': ({ pid, command }) => `process ${pid} started: ${command}`,
  'process.exited': ({ pid, exitCode, signal }) =>
    `process ${pid} ${signal === null ? `exited with code ${exitCode ?? 'unknown'}` : `was ended by ${signal}`}`,
  'process.killed': ({ pid, signal }) => `process group ${pid} was sent ${signal}`,
  'process.reaped': ({ pid, command }) => `process group ${pid}, left over from an earlier run, was ended: ${command}`,
  'stray.found': ({ pid, command, policy }) =>
    `left process ${pid} behind, which ${policy === 'end' ? 'is being ended' : 'runs on'}: ${command}`,
  'stray.gone': ({ pid }) => `process ${pid}, which was left behind, has gone`,
  'catalog.changed': ({ tools, resources, prompts, problems, count }) =>
    `has ${listsOf({ tools, resources, prompts })}${lastOf(count)}${problemsOf(problems)}`,
  'command.accepted': ({ command, by }) => `${command} accepted${by === null ? '' : ` from ${by}`}`,
  'command.settled': ({ command, outcome, reason }) => `${command} ${outcome}${reason === null ? '' : `: ${reason}`}`,
  'event.ignored': ({ event, state, count }) => `${event} means nothing in ${state}${lastOf(count)}`,
  'config.planned': ({ steps }) => `a new configuration takes ${counted(steps, 'step')}`,
  'config.applied': ({ started, stopped, restarted, changed, disabled, groups, settings }) =>
    `configuration applied: ${changesOf({
      started,
      stopped,
      restarted,
      changed,
      'added (disabled)': disabled.added,
      'changed (disabled)': disabled.changed,
      'removed (disabled)': disabled.removed,
      groups,
      settings: settings.filter(({ effect }) => effect === 'applied').map(({ path }) => path),
      'at the next start': settings.filter(({ effect }) => effect !== 'applied').map(({ path }) => path),
    })}`,
  'config.rejected': ({ file, problems }) =>
    `${file ?? 'configuration'} rejected, nothing was changed${problemsOf(problems)}`,
  'config.overruled': ({ file, servers }) =>
    `${toNameList(servers)}: in ${file ?? 'the configuration'} and in the store; the file wins`,
  'config.warned': ({ file, problems }) => `${file ?? 'configuration'} accepted with warnings${problemsOf(problems)}`,
  'store.degraded': ({ reason }) => `the store does not keep what it is given: ${reason}`,
  'store.recovered': ({ degradedForMs, lostFacts }) =>
    `the store keeps everything again after ${durationOf(degradedForMs)}${lostFacts === 0 ? '' : `; ${counted(lostFacts, 'fact')} were given up`}`,
  'journal.gap': ({ from, to, count }) => `${counted(count, 'fact')} from ${from} to ${to} could not be kept`,
  'alarm.raised': ({ alarm, reason }) => `alarm ${alarm}: ${reason}`,
  'alarm.cleared': ({ alarm }) => `alarm ${alarm} is over`,
  'machine.resumed': ({ suspendedForMs }) => `the machine slept for ${durationOf(suspendedForMs)}`,
};

/**
 * `files: session open over stdio, protocol 2025-06-18: 14 tools`. Pure; the text is as long as the fact's, and may
 * hold line breaks if that does.
 */
export function describeFact(fact: Fact): string {
  // The table is keyed by the fact's own type; TypeScript cannot follow a key and a value that vary together.
  const sentence = sentences[fact.type] as (fact: Fact) => string;
  return `${subjectOf(fact.actor)}: ${sentence(fact)}`;
}

/** Servers by their name, as people call them; other actors by their id. */
function subjectOf(actor: string): string {
  const { kind, name } = kindOf(actor);
  if (kind === 'server') return toWords(name);
  return name === '' ? kind : `${kind} ${toWords(name)}`;
}

function arrow(from: string, to: string): string {
  return from === to ? `${to} again` : `${from} → ${to}`;
}

function whyOf({ reason, attempt, retryInMs }: FactOf<'server.transitioned'>): string {
  const parts = reason === null ? [] : [reason];
  if (attempt !== undefined && attempt > 0) parts.push(`attempt ${attempt}`);
  if (retryInMs !== undefined) parts.push(`next try in ${durationOf(retryInMs)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function callOf({ callId, method, tool }: FactOf<'call.started' | 'call.settled'>): string {
  return `${callId} ${tool ?? method}`;
}

function listsOf(lists: { readonly tools: number; readonly resources: number; readonly prompts: number }): string {
  const parts = [counted(lists.tools, 'tool')];
  if (lists.resources > 0) parts.push(counted(lists.resources, 'resource'));
  if (lists.prompts > 0) parts.push(counted(lists.prompts, 'prompt'));
  return parts.join(', ');
}

function changesOf(changes: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(changes).flatMap(([word, names]) =>
    names.length === 0 ? [] : [`${word} ${toNameList(names)}`],
  );
  return parts.length === 0 ? 'nothing to do' : parts.join('; ');
}

function problemsOf(problems: readonly string[]): string {
  return problems.length === 0 ? '' : `: ${problems.join('; ')}`;
}

function lastOf(count: number | undefined): string {
  return count === undefined ? '' : ` (the last of ${count} such facts)`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function durationOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}
