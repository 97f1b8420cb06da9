/** Trouble of our own surroundings as standing alarms: raised when it is noticed, cleared when it is over. */

import { troubleOf } from '../../surroundings.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { FactOf } from '../facts/describe.ts';
import type { FactType } from '../facts/fact.ts';
import type { Facts } from '../facts/facts.ts';
import type { OwnAlarms } from './own-alarms.ts';

/** How long a shortage stands that nobody tells the end of, in milliseconds. */
const shortageMs = 60_000;

/**
 * For a file of the state directory: call the returned function with the error of each write that failed, and with null
 * once it works again.
 */
export function fileTrouble(alarms: OwnAlarms, path: string): (error: unknown) => void {
  return (error) => {
    if (error === null) alarms.clear('state-directory', path);
    else
      alarms.raise('state-directory', path, {
        reason: `${path} cannot be written: ${reasonOf(error)}`,
        clearedBy: 'the next write that succeeds; it is tried again and again',
      });
  };
}

/** For files of the state directory that are read: call it with the path of one and what is wrong with it, null: nothing. */
export function fileFlaw(alarms: OwnAlarms): (path: string, flaw: string | null) => void {
  return (path, flaw) => {
    if (flaw === null) alarms.clear('state-directory', path);
    else
      alarms.raise('state-directory', path, {
        reason: `${flaw}: it is passed over`,
        clearedBy: 'a file that mcpvisor wrote in its place',
      });
  };
}

/** For the guard: call the returned function with why there is none that works, and with null once there is. */
export function guardTrouble(alarms: OwnAlarms): (reason: string | null) => void {
  return (reason) => {
    if (reason === null) alarms.clear('no-guard', 'guard');
    else
      alarms.raise('no-guard', 'guard', {
        reason: `${reason}: a SIGKILL of mcpvisor would leave servers running until its next start`,
        clearedBy: 'a guard that works; one that ended is started again and again',
      });
  };
}

/** For the log of the control plane: call it like the function that `fileTrouble` returns. */
export function logTrouble(alarms: OwnAlarms): (error: unknown) => void {
  return (error) => {
    if (error === null) alarms.clear('own-log', 'log');
    else
      alarms.raise('own-log', 'log', {
        reason: `the log cannot be written: ${reasonOf(error)}`,
        clearedBy: 'the next line that can be written; what is dropped meanwhile is counted',
      });
  };
}

/** For a store in memory that took the place of another one; `reason` names that and says why. */
export function storeTrouble(alarms: OwnAlarms, reason: string): void {
  alarms.raise('not-durable', 'store', {
    reason: `${reason}; what happens from now on is forgotten when mcpvisor ends`,
    clearedBy: 'the next start at which the store can be used; nothing of it was changed',
  });
}

/** Raises the alarm `shortage` if `error` is one. */
export function noticeShortage(alarms: OwnAlarms, error: unknown): void {
  const trouble = troubleOf(error);
  if (trouble?.kind === 'shortage')
    alarms.raise('shortage', 'mcpvisor', {
      reason: trouble.reason,
      clearedBy: `${shortageMs / 1000} s without another`,
      forMs: shortageMs,
    });
}

/** For messages that there was no room for: call the returned function with the server and the bound. */
export function bufferTrouble(alarms: OwnAlarms): (server: string, bound: 'server' | 'process') => void {
  return (server, bound) =>
    alarms.raise('buffers-exhausted', `${server} ${bound}`, {
      reason: `what "${server}" sent was dropped: ${bound === 'server' ? 'its unfinished messages' : 'unfinished messages of all servers'} take as much memory as they may`,
      clearedBy: `${shortageMs / 1000} s without another`,
      forMs: shortageMs,
    });
}

/** Servers that cannot be started for want of something. Returns a function that stops it. */
export function watchShortages(facts: Pick<Facts, 'subscribe'>, alarms: OwnAlarms): () => void {
  return facts.subscribe((fact) => {
    const { actor } = fact;
    if (fact.type === 'server.failed' && fact.failure.class === 'shortage')
      alarms.raise('shortage', actor, {
        reason: fact.failure.message,
        clearedBy: 'the next start that succeeds; it is tried again and again',
      });
    else if (isOver(fact)) alarms.clear('shortage', actor);
  }, shortageFacts);
}

const shortageFacts = [
  'server.failed',
  'server.transitioned',
  'process.spawned',
  'session.opened',
  'server.removed',
] as const satisfies FactType[];

/** It started, or does not want to any more. */
function isOver(fact: FactOf<(typeof shortageFacts)[number]>): boolean {
  if (fact.type === 'server.transitioned') return fact.to.startsWith('idle') || fact.to.startsWith('failed');
  return fact.type !== 'server.failed';
}

function reasonOf(error: unknown): string {
  return troubleOf(error)?.reason ?? wordsOf(error);
}
