/**
 * What the states of a server mean to those who do not care which one it is in: their tags, and what a tag means
 * together with what the chart remembers. A new state says here what it means by its tags, and to nobody else.
 */

import type { ServerContext } from './events.ts';

export type ServerTag =
  /** It has a session: one that is being opened, that answers, or that is being ended. */
  | 'live'
  /** It stays where it is until something happens to it. */
  | 'settled'
  /** Nothing runs, and nothing is to run by itself. */
  | 'rests'
  /** Its start waits for dependencies or for its group's round. */
  | 'waits'
  /** It comes to be connected by itself, if no dependency is down for good. */
  | 'on-its-way'
  /** The delay before the next try runs. */
  | 'delayed'
  /** Its process group survives SIGKILL. */
  | 'stuck';

/** What is read of a server's snapshot. */
export interface ServerView {
  readonly context: ServerContext;
  hasTag(tag: ServerTag): boolean;
  matches(state: 'connected'): boolean;
}

/** Nothing is to be expected of it by itself. One whose dependency only a person brings up waits for that person. */
export function isAtRest(server: ServerView): boolean {
  return server.hasTag('settled') || (server.hasTag('waits') && server.context.blockedBy !== null);
}

/** Wanted, and not connected: a lazy one that rests is as it should be, and so is one that finished. */
export function isMissing(server: ServerView): boolean {
  return server.context.wanted === 'up' && !server.matches('connected') && !server.hasTag('rests');
}

/** Whether it may become connected without a retry: after a failure the delay and the budget come first. */
export function isOnItsWay(server: ServerView): boolean {
  const { blockedBy, next } = server.context;
  if (server.hasTag('on-its-way')) return !server.hasTag('waits') || blockedBy === null;
  return server.hasTag('live') && next === 'starting';
}

/** Whether it may become connected, retries and their delays included. */
export function isTriedAgain(server: ServerView): boolean {
  return isOnItsWay(server) || (server.context.wanted === 'up' && !isAtRest(server));
}

/** Not running, and kept from it by a dependency or by its group's round. */
export function isHeldBack(server: ServerView): boolean {
  const { autostart, blockedBy, waitingFor, heldFor } = server.context;
  const isWaiting = autostart && waitingFor.length + heldFor.length > 0;
  return !server.hasTag('live') && (blockedBy !== null || isWaiting);
}
