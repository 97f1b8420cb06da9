/**
 * What the states of a server mean to other code: their tags, and questions that tags and context answer together.
 * Other code asks these instead of comparing states, so that a new state only needs the right tags.
 */

import { waitsInVain } from './clearance.ts';
import type { ServerContext } from './context.ts';

export type ServerTag =
  /** It has a session, which is being opened, answers, or is being ended. */
  | 'live'
  /** It stays in this state until something happens to it. */
  | 'settled'
  /** Nothing runs, and nothing is to be started. */
  | 'rests'
  /** Its start waits for dependencies or for its group's round. */
  | 'waits'
  /** It will connect by itself, unless a dependency is down for good. */
  | 'on-its-way'
  /** The delay before the next try is running. */
  | 'delayed'
  /** It may look for something it lacks. */
  | 'looks'
  /** Its process group survives SIGKILL. */
  | 'stuck';

/** What is read from a server's snapshot. */
export interface ServerView {
  readonly context: ServerContext;
  hasTag(tag: ServerTag): boolean;
  matches(state: 'connected'): boolean;
}

/** It does nothing by itself: it is settled, or waits for what only a person can do. */
export function isAtRest(server: ServerView): boolean {
  return server.hasTag('settled') || (server.hasTag('waits') && waitsInVain(server.context));
}

/** It is wanted, but not connected. A lazy server that rests is not missing, nor is one that finished. */
export function isMissing(server: ServerView): boolean {
  return server.context.wanted === 'up' && !server.matches('connected') && !server.hasTag('rests');
}

/** Whether waiting for it to connect makes sense. Not after a failure: then the delay and the budget come first. */
export function isOnItsWay(server: ServerView): boolean {
  if (server.hasTag('on-its-way')) return !server.hasTag('waits') || !waitsInVain(server.context);
  return server.hasTag('live') && server.context.next === 'starting';
}

/** The same for a caller who has time: also after a failure, as long as it is tried again. */
export function isTriedAgain(server: ServerView): boolean {
  return isOnItsWay(server) || (server.context.wanted === 'up' && !isAtRest(server));
}

/** It does not run because of a dependency, its group's round, or an approval that is missing. */
export function isHeldBack(server: ServerView): boolean {
  const { autostart, waitingFor, heldFor } = server.context;
  const isWaiting = autostart && waitingFor.length + heldFor.length > 0;
  return !server.hasTag('live') && (waitsInVain(server.context) || isWaiting);
}
