/**
 * What a holder does when actors below it die by a bug: it ends what is left of their processes, and gives the servers
 * away again. Pure functions of the table.
 */

import { failure } from '../failure.ts';
import { reaperId, serverId } from '../ids.ts';
import { heldBy, type Member, type Members } from '../members.ts';
import type { Moment } from '../server/events.ts';
import { entryOf, setEntry, withEntry, without } from '../table.ts';
import { countsOf, type Deed, farewell, type Holder, type Outcome, type Place } from './holding.ts';

/** So many deaths within this time, in milliseconds, and the successor is born in `failed`. */
const deathWindowMs = 60_000;
const deathLimit = 3;
/** One that dies so often all the same, without ever being well for a minute, has no successor any more. */
const lastDeath = 2 * deathLimit;

/** Its actor died by a bug: what is left of its processes is ended first. `isEnd`: nobody has a successor any more. */
export function died(
  { id, members }: Holder,
  { server, message, isEnd }: { readonly server: string; readonly message: string; readonly isEnd: boolean },
): Outcome {
  const member = entryOf(members, server);
  const stopped: readonly Deed[] = [
    { do: 'stop', id: serverId(server) },
    { do: 'emit', event: { type: 'actor.died', server, message } },
  ];
  if (member === undefined || member.holder !== id) return { members, deeds: stopped };
  if (member.deaths.length + 1 >= lastDeath) {
    const [, told] = farewell(server, member.group, member.input.wanted);
    return { members: without(members, server), deeds: [...stopped, told] };
  }
  return {
    members: withEntry(members, server, { ...dead(member), isLeaving: member.isLeaving || isEnd }),
    deeds: [...stopped, { do: 'reap', server }, { do: 'tell', report: { type: 'server.died', server } }],
  };
}

/** A holder below this one died by a bug: this one takes over what it held, and reaps it. */
export function fellApart(
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
    deeds: [
      ...servers.map((server): Deed => ({ do: 'dismiss', server })),
      { do: 'stop', id: below },
      ...servers.map((server): Deed => ({ do: 'reap', server })),
    ],
  };
}

/** Nothing of its processes is left: it has a successor, unless it was to go. One that died often is held here. */
export function reaped(
  holder: Holder,
  {
    server,
    place,
    ...moment
  }: Moment & { readonly server: string; readonly generation: number; readonly place: Place },
): Outcome {
  const { id, members } = holder;
  const { at, random } = moment;
  const stopped: Deed = { do: 'stop', id: reaperId(server) };
  const member = entryOf(members, server);
  if (member === undefined || member.holder !== id || !member.isDead) return { members, deeds: [stopped] };
  if (member.isLeaving)
    return {
      members: without(members, server),
      deeds: [stopped, ...farewell(server, member.group, member.input.wanted)],
    };
  const deaths = [...member.deaths.filter((diedAt) => diedAt > at - deathWindowMs), at];
  const generation = Math.max(member.input.generation ?? 0, moment.generation);
  const input = { ...member.input, generation };
  const others = without(members, server);
  const isSpent = deaths.length >= deathLimit;
  const next = isSpent ? id : place(countsOf(others));
  const successor = { ...member, input, holder: next, isDead: false, deaths, standing: null };
  const after = withEntry(others, server, successor);
  if (next === id) {
    const words = `its actor died ${deathLimit} times within a minute`;
    const born = isSpent ? { ...input, failure: { ...failure('internal', words), at } } : input;
    return { members: after, deeds: [stopped, { do: 'spawn', input: born }] };
  }
  const given: Deed = { do: 'send', to: next, event: { type: 'group.add', servers: [input], at, random } };
  const isThere = holder.below.includes(next);
  return { members: after, deeds: [stopped, ...(isThere ? [] : [{ do: 'open', id: next } as const]), given] };
}

/** The reaper itself died: nobody knows what is left, and nobody starts it again but a person or a plan. */
export function unreaped({ id, members }: Holder, { server, message }: { server: string; message: string }): Outcome {
  const member = entryOf(members, server);
  const deeds: readonly Deed[] = [
    { do: 'stop', id: reaperId(server) },
    { do: 'emit', event: { type: 'actor.died', server, message } },
  ];
  if (member === undefined || member.holder !== id) return { members, deeds };
  const [, told] = farewell(server, member.group, member.input.wanted);
  return { members: without(members, server), deeds: [...deeds, told] };
}

/** Nobody whose actor is dead has a successor any more. */
export function withoutSuccessors(members: Members): Members {
  const next: Record<string, Member> = { ...members };
  for (const [server, member] of Object.entries(members))
    if (member.isDead) setEntry(next, server, { ...member, isLeaving: true });
  return next;
}

function dead(member: Member): Member {
  const generation = Math.max(member.input.generation ?? 0, member.standing?.generation ?? 0);
  return { ...member, input: { ...member.input, generation }, isDead: true };
}
