/**
 * What a holder does when actors below it die by a bug: it has what is left of their processes ended, then gives each
 * server a new actor. Pure functions of the table.
 */

import { failure } from '../failure.ts';
import { reaperId, serverId } from '../ids.ts';
import { heldBy, type Member, type Members } from '../members.ts';
import { noCounters } from '../policy/restart.ts';
import type { Moment } from '../server/events.ts';
import { entryOf, setEntry, withEntry, without } from '../table.ts';
import { countsOf, type Effect, type Holder, type Outcome, type Place, removalEffects } from './holding.ts';

/** After `deathLimit` deaths within this time, in milliseconds, the successor starts in `failed`. */
const deathWindowMs = 60_000;
const deathLimit = 3;
/** A server whose actors die this often within that time gets no successor any more. */
const lastDeath = 2 * deathLimit;

/** A server's actor died by a bug: a reaper ends what is left of it first. `isEnd`: no server gets a successor. */
export function serverDied(
  { id, members }: Holder,
  { server, message, isEnd }: { readonly server: string; readonly message: string; readonly isEnd: boolean },
): Outcome {
  const member = entryOf(members, server);
  const stopped: readonly Effect[] = [
    { do: 'stop', id: serverId(server) },
    { do: 'emit', event: { type: 'actor.died', server, message } },
  ];
  if (member === undefined || member.holder !== id) return { members, effects: stopped };
  return {
    members: withEntry(members, server, { ...dead(member), isLeaving: member.isLeaving || isEnd }),
    effects: [...stopped, { do: 'reap', server }, { do: 'report', report: { type: 'server.died', server } }],
  };
}

/** A holder below this one died by a bug: this one takes over its servers and reaps them. */
export function holderDied(
  { id, members }: Holder,
  { below, isEnd }: { readonly below: string; readonly isEnd: boolean },
): Outcome & { readonly servers: readonly string[] } {
  const servers = heldBy(members, below);
  const next: Record<string, Member> = { ...members };
  for (const server of servers) {
    const member = entryOf(members, server);
    if (member !== undefined)
      setEntry(next, server, { ...dead(member), holder: id, isLeaving: member.isLeaving || isEnd });
  }
  return {
    servers,
    members: next,
    effects: [
      ...servers.map((server): Effect => ({ do: 'dismiss', server })),
      { do: 'stop', id: below },
      ...servers.map((server): Effect => ({ do: 'reap', server })),
    ],
  };
}

/** What is known of a server when nothing of it runs any more. */
export interface Reaped extends Moment {
  /** The highest generation that was opened. */
  readonly generation: number;
  /** Whether it has been connected with its specification. */
  readonly worked: boolean;
}

/**
 * None of its processes is left: it gets a successor, unless it is leaving or was given too many. One whose actors died
 * often is held here.
 */
export function reaped(
  holder: Holder,
  { server, place, worked, ...moment }: Reaped & { readonly server: string; readonly place: Place },
): Outcome {
  const { id, members } = holder;
  const { at, random } = moment;
  const stopped: Effect = { do: 'stop', id: reaperId(server) };
  const member = entryOf(members, server);
  if (member === undefined || member.holder !== id || !member.isDead) return { members, effects: [stopped] };
  if (member.isLeaving)
    return {
      members: without(members, server),
      effects: [stopped, ...removalEffects(server, member.group, member.input.wanted)],
    };
  const deaths = [...member.deaths.filter((diedAt) => diedAt > at - deathWindowMs), at];
  const others = without(members, server);
  if (deaths.length >= lastDeath) return { members: others, effects: [stopped, givenUp(server, member)] };
  const generation = Math.max(member.input.generation ?? 0, moment.generation);
  const input = { ...member.input, generation, worked };
  const isSpent = deaths.length >= deathLimit;
  const next = isSpent ? id : place(countsOf(others));
  const successor = { ...member, input, holder: next, isDead: false, deaths, standing: null };
  const after = withEntry(others, server, successor);
  if (next === id) {
    const words = `its actor died ${deathLimit} times within a minute`;
    const born = isSpent ? { ...input, failure: { ...failure('internal', words), at } } : input;
    return { members: after, effects: [stopped, { do: 'spawn', input: born }] };
  }
  const given: Effect = { do: 'send', to: next, event: { type: 'group.add', servers: [input], at, random } };
  const isThere = holder.below.includes(next);
  return { members: after, effects: [stopped, ...(isThere ? [] : [{ do: 'open', id: next } as const]), given] };
}

/** The reaper itself died: it is unknown what is left, so only a person or a plan starts the server again. */
export function reaperDied({ id, members }: Holder, { server, message }: { server: string; message: string }): Outcome {
  const member = entryOf(members, server);
  const effects: readonly Effect[] = [
    { do: 'stop', id: reaperId(server) },
    { do: 'emit', event: { type: 'actor.died', server, message } },
  ];
  if (member === undefined || member.holder !== id) return { members, effects };
  return { members: without(members, server), effects: [...effects, givenUp(server, member)] };
}

/** Servers whose actor is dead get no successor. */
export function withoutSuccessors(members: Members): Members {
  const next: Record<string, Member> = { ...members };
  for (const [server, member] of Object.entries(members))
    if (member.isDead) setEntry(next, server, { ...member, isLeaving: true });
  return next;
}

/** Its successor knows nothing of its failures, nor of those of earlier runs. */
function dead(member: Member): Member {
  const generation = Math.max(member.input.generation ?? 0, member.standing?.generation ?? 0);
  return { ...member, input: { ...member.input, generation, counters: noCounters }, isDead: true };
}

function givenUp(server: string, { group, input }: Member): Effect {
  const { wanted } = input;
  return { do: 'report', report: { type: 'server.removed', server, wanted, group, isGivenUp: true } };
}
