/** The alarms of a server. */

import type { RaisedAlarm } from '../alarm.ts';
import { flappingUntil, isFlapping } from '../policy/restart.ts';
import { approvalText, blockedText, isApproved } from './clearance.ts';
import type { ServerContext } from './context.ts';
import type { Crowding } from './events.ts';
import { lookEveryMs, type Sought, soughtBy } from './looking.ts';
import type { ServerView } from './meaning.ts';

/** After so many failures in a row a person should look at an unreachable server. */
const unreachableFrom = 8;

/** `at`: the current time, in milliseconds. */
export function alarmsOf(server: ServerView, at: number): readonly RaisedAlarm[] {
  return [
    stuckAlarm(server),
    flappingAlarm(server.context, at),
    unreachableAlarm(server),
    lackAlarm(server),
    approvalAlarm(server),
    waitingAlarm(server),
    dependencyAlarm(server),
    unreadAlarm(server),
    crowdingAlarm(server),
    deathAlarm(server),
  ].filter((alarm) => alarm !== null);
}

function stuckAlarm(server: ServerView): RaisedAlarm | null {
  if (!server.hasTag('stuck')) return null;
  return {
    alarm: 'stuck',
    reason: `process group ${server.context.pid} survives SIGKILL`,
    clearedBy: 'the end of the process group',
    untilMs: null,
  };
}

function flappingAlarm({ counters, policy: { restart } }: ServerContext, at: number): RaisedAlarm | null {
  if (!isFlapping(counters, restart, at)) return null;
  return {
    alarm: 'flapping',
    reason: `failed ${counters.failureTimes.length} times within an hour`,
    clearedBy: 'an hour with fewer failures, server.start, server.restart or server.reset',
    untilMs: flappingUntil(counters, restart),
  };
}

function unreachableAlarm(server: ServerView): RaisedAlarm | null {
  const { counters, policy, wanted, connectedAt, lastFailure } = server.context;
  if (counters.unreachable < unreachableFrom || wanted === 'down') return null;
  // What this machine lacks is an alarm of the supervisor.
  if (lastFailure?.class === 'shortage') return null;
  const { stableAfterMs } = policy.restart;
  return {
    alarm: 'unreachable',
    reason: `not reached ${counters.unreachable} times in a row`,
    clearedBy: `a connection that lasts ${stableAfterMs} ms, or server.reset`,
    untilMs: server.matches('connected') && connectedAt !== null ? connectedAt + stableAfterMs : null,
  };
}

/** It lacks something that it is started with as soon as it is there. */
function lackAlarm(server: ServerView): RaisedAlarm | null {
  const sought = server.hasTag('looks') ? soughtBy(server.context) : null;
  if (sought === null) return null;
  return { ...lackAlarms[sought](server.context.lastFailure?.message ?? ''), untilMs: null };
}

const lackAlarms: Readonly<Record<Sought, (reason: string) => Omit<RaisedAlarm, 'untilMs'>>> = {
  credentials: (reason) => ({
    alarm: 'needs-auth',
    reason,
    clearedBy: 'a change of a file that its entry names, server.retry, server.start or server.stop',
  }),
  command: (reason) => ({
    alarm: 'no-command',
    reason: `${reason} It is looked for every ${lookEveryMs.command / 1_000} s.`,
    clearedBy: 'a start, as soon as it is there; server.start, server.stop or server.reset',
  }),
  secret: (reason) => ({
    alarm: 'secret-missing',
    reason,
    clearedBy: 'a start, as soon as it is set; server.stop or server.reset',
  }),
};

/** A running server is not touched: it is the next start that waits. */
function approvalAlarm(server: ServerView): RaisedAlarm | null {
  const { policy, wanted } = server.context;
  if (policy.approval === null || wanted === 'down') return null;
  const { hash, commandLine, clearedBy } = policy.approval;
  const what = server.hasTag('live') ? 'an edit waits for approval, and what runs goes on' : 'it waits for approval';
  return { alarm: 'approval-needed', reason: `${what}: ${hash}: ${commandLine}`, clearedBy, untilMs: null };
}

function waitingAlarm(server: ServerView): RaisedAlarm | null {
  const reason = relativesText(server.context);
  // It may wait for its approval alone.
  if (!server.hasTag('waits') || (reason === '' && !isApproved(server.context))) return null;
  return {
    alarm: 'waiting-for',
    reason,
    clearedBy: waitEnd(server.context),
    untilMs: null,
  };
}

function dependencyAlarm(server: ServerView): RaisedAlarm | null {
  const { waitingFor } = server.context;
  if (!server.matches('connected') || waitingFor.length === 0) return null;
  return {
    alarm: 'dependency-down',
    reason: `not connected: ${waitingFor.join(', ')}`,
    clearedBy: 'their connection',
    untilMs: null,
  };
}

function unreadAlarm(server: ServerView): RaisedAlarm | null {
  const { unread } = server.context;
  if (!server.hasTag('live') || unread.length === 0) return null;
  return {
    alarm: 'lists-unread',
    reason: unread.map(({ reason }) => reason).join('; '),
    clearedBy: 'an answer with the list: it is asked again',
    untilMs: null,
  };
}

function crowdingAlarm(server: ServerView): RaisedAlarm | null {
  const { crowding } = server.context;
  if (!server.hasTag('live') || crowding === null) return null;
  return {
    alarm: 'connections-exhausted',
    reason: crowdingText(crowding),
    clearedBy: 'some seconds in which no request waits long, or the end of the session',
    untilMs: null,
  };
}

/** Its earlier actors, or those of its group, died too often: its actor started in `failed`. */
function deathAlarm(server: ServerView): RaisedAlarm | null {
  const { starts, lastFailure } = server.context;
  if (starts > 0 || lastFailure === null || !server.hasTag('settled') || server.hasTag('rests')) return null;
  return {
    alarm: 'actor-died',
    reason: lastFailure.message,
    clearedBy: 'server.start, server.restart, server.stop or server.reset',
    untilMs: null,
  };
}

export function crowdingText({ bound, most }: Crowding): string {
  const whose = bound === 'server' ? 'it may have' : 'all remote servers together may have';
  return `requests wait for a connection: the ${most} that ${whose} are in use`;
}

/** What a waiting server waits for, in words. */
export function waitText(context: ServerContext): string {
  return [approvalText(context), relativesText(context)].filter((part) => part !== '').join('; ');
}

/** Empty: it waits for no other server. */
function relativesText({ waitingFor, heldFor, blockedBy }: ServerContext): string {
  const parts = [
    ...(waitingFor.length > 0
      ? [`waits for ${waitingFor.join(', ')}${blockedBy === null ? '' : `; ${blockedText(blockedBy)}`}`]
      : []),
    ...(heldFor.length > 0 ? [`restarts after ${heldFor.join(', ')} of its group`] : []),
  ];
  return parts.join('; ');
}

function waitEnd({ blockedBy, heldFor }: ServerContext): string {
  if (blockedBy !== null) return `a start of "${blockedBy.server}"`;
  return heldFor.length > 0 ? 'the end of the round, or server.start' : 'their connection';
}
