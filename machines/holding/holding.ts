/**
 * How servers are held: each gets an actor, loses it when it leaves, and gets another when the actor dies by a bug.
 * Groups, their parts and the root are holders. A holder may have other holders below it, and takes over their servers
 * when they die. Pure functions of the table: they return the next table and the effects to carry out.
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

export type Effect =
  | { readonly do: 'spawn'; readonly input: ServerInput }
  /** Start another holder below this one. */
  | { readonly do: 'open'; readonly id: string }
  | { readonly do: 'reap'; readonly server: string }
  | { readonly do: 'stop'; readonly id: string }
  /** To a child. */
  | { readonly do: 'send'; readonly to: string; readonly event: ServerEvent | GroupEvent }
  /** Shut down a server whose holder died: XState leaves the children of an actor that died running. */
  | { readonly do: 'dismiss'; readonly server: string }
  | { readonly do: 'report'; readonly report: GroupReport }
  | { readonly do: 'emit'; readonly event: HolderEmitted };

export interface Outcome {
  readonly members: Members;
  readonly effects: readonly Effect[];
}

/** Chooses the holder of one more server, given how many each holds. */
export type Place = (held: ReadonlyMap<string, number>) => string;

interface Giving {
  readonly group: string;
  readonly servers: readonly ServerInput[];
  readonly moment: Moment;
  readonly place: Place;
}

/** New servers get a holder; one that is there already gets new settings, and does not leave any more. */
export function added({ id, members, below }: Holder, { group, servers, moment, place }: Giving): Outcome {
  const next: Record<string, Member> = { ...members };
  const held = countsOf(members);
  const effects: Effect[] = [];
  const elsewhere = new Map<string, ServerInput[]>();
  const opened = new Set(below);
  for (const input of servers) {
    const known = entryOf(members, input.name);
    const holder = known?.holder ?? place(held);
    const isDead = known?.isDead ?? false;
    // A plan that finds it dead was made by a person who wants it back.
    const deaths = isDead ? [] : (known?.deaths ?? []);
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
    // A dead one is not spawned before its reaper is done: a process of the old life may be left.
    else if (known === undefined) effects.push({ do: 'spawn', input });
    else if (!isDead) {
      const { policy, wanted, worked = false } = input;
      const event: ServerEvent = { type: 'server.configure', policy, wanted, worked, changed: true, ...moment };
      effects.push({ do: 'send', to: serverId(input.name), event });
    }
  }
  for (const [holder, inputs] of elsewhere) {
    if (!opened.has(holder)) effects.push({ do: 'open', id: holder });
    effects.push({ do: 'send', to: holder, event: { type: 'group.add', servers: inputs, ...moment } });
  }
  return { members: next, effects };
}

/** The server is to leave as soon as it is idle. */
export function removed({ id, members }: Holder, { server, group, at, random }: Named & Moment): Outcome {
  const member = entryOf(members, server);
  if (member === undefined) return { members, effects: removalEffects(server, group, null) };
  const after = withEntry(members, server, { ...member, isLeaving: true });
  if (member.holder !== id)
    return {
      members: after,
      effects: [{ do: 'send', to: member.holder, event: { type: 'group.remove', server, at, random } }],
    };
  const event: ServerEvent = { type: 'server.remove', at, random };
  return { members: after, effects: member.isDead ? [] : [{ do: 'send', to: serverId(server), event }] };
}

/** A plan has new settings for the server. */
export function configured(
  { id, members }: Holder,
  { server, at, random, policy, wanted, changed, worked = false }: Configuration & Moment & { readonly server: string },
): Outcome {
  const member = entryOf(members, server);
  if (member === undefined) return { members, effects: [] };
  const change = { policy, ...(wanted !== null && { wanted }), ...(changed && { worked }) };
  const event = { policy, wanted, changed, worked, at, random };
  const effect: Effect =
    member.holder === id
      ? { do: 'send', to: serverId(server), event: { type: 'server.configure', ...event } }
      : { do: 'send', to: member.holder, event: { type: 'group.change', server, ...event } };
  return {
    members: withInput(members, server, change),
    effects: member.isDead && member.holder === id ? [] : [effect],
  };
}

/**
 * The server is idle for good. If its holder does not count it as alive, the report comes from an actor that a dead
 * holder left behind, and is ignored; so is one that crossed a plan which adds the server again, since what the plan
 * sent it has brought it back. `isEnd` (default: no): it stays in the table, because copying the table for each of a thousand servers
 * would cost more than the rest of the shutdown.
 */
export function gone(
  { id, members }: Holder,
  { server, isRemoval, isEnd }: { readonly server: string; readonly isRemoval: boolean; readonly isEnd?: boolean },
): Outcome {
  const member = entryOf(members, server);
  if (member === undefined || member.holder !== id || member.isDead) return { members, effects: [] };
  if (isRemoval && !member.isLeaving) return { members, effects: [] };
  const [emitted, reported] = removalEffects(server, member.group, member.input.wanted);
  return {
    members: isEnd ? members : without(members, server),
    effects: [{ do: 'stop', id: serverId(server) }, ...(isRemoval ? [emitted] : []), reported],
  };
}

interface Named {
  readonly server: string;
  readonly group: string;
}

/** The server is removed: one effect for listeners, one for the actor above. */
export function removalEffects(
  server: string,
  group: string,
  wanted: ServerInput['wanted'] | null,
): readonly [Effect, Effect] {
  return [
    { do: 'emit', event: { type: 'server.removed', server } },
    { do: 'report', report: { type: 'server.removed', server, wanted, group, isGivenUp: false } },
  ];
}

/**
 * Whether the holder above is to forget a server that was reported as removed. Not if a plan that adds it again crossed
 * the report: the holder below finds the plan's message next.
 */
export function hasLeft(members: Members, { server, isGivenUp }: Extract<GroupReport, { type: 'server.removed' }>) {
  return isGivenUp || entryOf(members, server)?.isLeaving !== false;
}

export function countsOf(members: Members): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { holder } of Object.values(members)) counts.set(holder, (counts.get(holder) ?? 0) + 1);
  return counts;
}

/** The most servers that one actor holds: XState copies the table of its children whenever one comes or goes. */
const mostHeld = 128;

/** A group holds the first servers itself. Parts of it hold the rest: the first part with room, or a new one. */
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
