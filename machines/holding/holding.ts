/**
 * How servers are held: given to an actor, let go, and put back when an actor dies by a bug. Groups, their parts and
 * the root do it alike; each is a holder that may have other holders below it, and takes over what those held when they
 * die. Pure functions of the table: they give the next one, and what is to be done.
 */

import type { GroupEvent, GroupReport, HolderEmitted } from '../group/events.ts';
import { groupId, serverId } from '../ids.ts';
import { type Member, type Members, withInput } from '../members.ts';
import type { Moment, ServerEvent, ServerInput } from '../server/events.ts';
import type { Configuration } from '../server/plan.ts';
import { entryOf, setEntry, withEntry, without } from '../table.ts';

export interface Holder {
  readonly id: string;
  readonly members: Members;
  /** Ids of the holders below it. */
  readonly below: readonly string[];
}

export type Deed =
  | { readonly do: 'spawn'; readonly input: ServerInput }
  /** Another holder below this one. */
  | { readonly do: 'open'; readonly id: string }
  | { readonly do: 'reap'; readonly server: string }
  | { readonly do: 'stop'; readonly id: string }
  /** To a child. */
  | { readonly do: 'send'; readonly to: string; readonly event: ServerEvent | GroupEvent }
  /** XState leaves the children of an actor that died running: it is to end its session and start no other. */
  | { readonly do: 'dismiss'; readonly server: string }
  | { readonly do: 'tell'; readonly report: GroupReport }
  | { readonly do: 'emit'; readonly event: HolderEmitted };

export interface Outcome {
  readonly members: Members;
  readonly deeds: readonly Deed[];
}

/** Who is to hold one more server, given how many each holds. */
export type Place = (held: ReadonlyMap<string, number>) => string;

interface Giving {
  readonly group: string;
  readonly servers: readonly ServerInput[];
  readonly moment: Moment;
  readonly place: Place;
}

/** Servers that are new find a place; one that is there already gets new settings, and goes no longer. */
export function added({ id, members, below }: Holder, { group, servers, moment, place }: Giving): Outcome {
  const next: Record<string, Member> = { ...members };
  const held = countsOf(members);
  const deeds: Deed[] = [];
  const elsewhere = new Map<string, ServerInput[]>();
  const opened = new Set(below);
  for (const input of servers) {
    const known = entryOf(members, input.name);
    const holder = known?.holder ?? place(held);
    const deaths = known?.deaths ?? [];
    const isDead = known?.isDead ?? false;
    const generation = Math.max(known?.input.generation ?? 0, input.generation ?? 0);
    const standing = known?.standing ?? null;
    setEntry(next, input.name, {
      input: { ...input, generation },
      group,
      holder,
      isDead,
      isLeaving: false,
      deaths,
      standing,
    });
    if (known === undefined) held.set(holder, (held.get(holder) ?? 0) + 1);
    if (holder !== id) elsewhere.set(holder, [...(elsewhere.get(holder) ?? []), input]);
    // As long as the reaper is at work, a process of the old life may be left.
    else if (known === undefined) deeds.push({ do: 'spawn', input });
    else if (!isDead) {
      const { policy, wanted } = input;
      const event: ServerEvent = { type: 'server.configure', policy, wanted, changed: true, ...moment };
      deeds.push({ do: 'send', to: serverId(input.name), event });
    }
  }
  for (const [holder, inputs] of elsewhere) {
    if (!opened.has(holder)) deeds.push({ do: 'open', id: holder });
    deeds.push({ do: 'send', to: holder, event: { type: 'group.add', servers: inputs, ...moment } });
  }
  return { members: next, deeds };
}

/** It is to go as soon as it is idle. */
export function removed({ id, members }: Holder, { server, group, at, random }: Named & Moment): Outcome {
  const member = entryOf(members, server);
  if (member === undefined) return { members, deeds: farewell(server, group, null) };
  const after = withEntry(members, server, { ...member, isLeaving: true });
  if (member.holder !== id)
    return {
      members: after,
      deeds: [{ do: 'send', to: member.holder, event: { type: 'group.remove', server, at, random } }],
    };
  const event: ServerEvent = { type: 'server.remove', at, random };
  return { members: after, deeds: member.isDead ? [] : [{ do: 'send', to: serverId(server), event }] };
}

/** A plan has other numbers for it. */
export function configured(
  { id, members }: Holder,
  { server, at, random, policy, wanted, changed }: Configuration & Moment & { readonly server: string },
): Outcome {
  const member = entryOf(members, server);
  if (member === undefined) return { members, deeds: [] };
  const change = { policy, ...(wanted !== null && { wanted }) };
  const event = { policy, wanted, changed, at, random };
  const deed: Deed =
    member.holder === id
      ? { do: 'send', to: serverId(server), event: { type: 'server.configure', ...event } }
      : { do: 'send', to: member.holder, event: { type: 'group.change', server, ...event } };
  return { members: withInput(members, server, change), deeds: member.isDead && member.holder === id ? [] : [deed] };
}

/**
 * It has come to rest for good. One that its holder does not know to live was left over by an actor that died, and
 * speaks of another life. `isEnd`: the table keeps it, for to take each of a thousand out would be most of the work of
 * the end.
 */
export function gone(
  { id, members }: Holder,
  { server, isRemoval, isEnd }: { readonly server: string; readonly isRemoval: boolean; readonly isEnd: boolean },
): Outcome {
  const member = entryOf(members, server);
  if (member === undefined || member.holder !== id || member.isDead) return { members, deeds: [] };
  const [emitted, told] = farewell(server, member.group, member.input.wanted);
  return {
    members: isEnd ? members : without(members, server),
    deeds: [{ do: 'stop', id: serverId(server) }, ...(isRemoval ? [emitted] : []), told],
  };
}

interface Named {
  readonly server: string;
  readonly group: string;
}

/** It is told, and to whom it may concern. */
export function farewell(server: string, group: string, wanted: ServerInput['wanted'] | null): readonly [Deed, Deed] {
  return [
    { do: 'emit', event: { type: 'server.removed', server } },
    { do: 'tell', report: { type: 'server.removed', server, wanted, group } },
  ];
}

export function countsOf(members: Members): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { holder } of Object.values(members)) counts.set(holder, (counts.get(holder) ?? 0) + 1);
  return counts;
}

/** At most this many servers are held by one actor: XState copies its table of children each time one comes or goes. */
const mostHeld = 128;

/** A group holds the first ones itself; parts of it the rest: the first part that has room, or a new one. */
export function placeInGroup(group: string): Place {
  return (held) => {
    const own = groupId(group);
    if ((held.get(own) ?? 0) < mostHeld) return own;
    const roomy = [...held].find(([id, count]) => id !== own && count < mostHeld);
    if (roomy !== undefined) return roomy[0];
    let number = 1;
    while (held.has(`${own}/${number}`)) number += 1;
    return `${own}/${number}`;
  };
}
