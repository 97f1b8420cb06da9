/**
 * What a group, a part of a group and the root know about their servers: what they gave them, and what was reported to
 * them. All their decisions are based on this.
 */

import type { ServerInput, Standing } from './server/events.ts';
import { entryOf, type Table, withEntry } from './table.ts';

export interface Member {
  /** The input of its actor, and of a successor: from the last plan, with the operator's last wish. */
  readonly input: ServerInput;
  readonly group: string;
  /** Id of the actor that holds it: a group, a part of a group, or the root. */
  readonly holder: string;
  /** Its actor died, and a reaper is ending what is left of its processes. */
  readonly isDead: boolean;
  /** It is to be removed or shut down: it gets no successor. */
  readonly isLeaving: boolean;
  /** When its actors died, within the window, in milliseconds. */
  readonly deaths: readonly number[];
  /** Null: it has reported nothing, because it is not related to other servers, or it has no actor. */
  readonly standing: Standing | null;
}

export type Members = Table<Member>;

/** Null: nothing is known about the server. */
export type Look = (server: string) => Standing | null;

export function lookIn(members: Members): Look {
  return (server) => entryOf(members, server)?.standing ?? null;
}

/** Ignores a report of a server that is not held any more, or is not related to other servers any more. */
export function withStanding(members: Members, server: string, standing: Standing): Members {
  const member = entryOf(members, server);
  if (member === undefined || member.isDead || !member.input.policy.related) return members;
  return withEntry(members, server, { ...member, standing });
}

/** Its actor died: servers that wait for its end now wait for the end of what is left of it. */
export function withEnding(members: Members, server: string): Members {
  const member = entryOf(members, server);
  if (member === undefined || member.standing === null) return members;
  return withEntry(members, server, { ...member, standing: { ...member.standing, phase: 'ending' } });
}

/** It has no actor any more. */
export function withoutStanding(members: Members, server: string): Members {
  const member = entryOf(members, server);
  return member === undefined ? members : withEntry(members, server, { ...member, standing: null });
}

/** The operator's wish or the settings in the plan changed: a successor must get the new ones. */
export function withInput(members: Members, server: string, change: Partial<ServerInput>): Members {
  const member = entryOf(members, server);
  if (member === undefined) return members;
  const input = { ...member.input, ...change };
  // What it reported when it was last related to others is out of date.
  const isNewlyRelated = input.policy.related && !member.input.policy.related;
  return withEntry(members, server, { ...member, input, standing: isNewlyRelated ? null : member.standing });
}

/** The servers that an actor holds, alive or dead, in the order of the table. */
export function heldBy(members: Members, holder: string): readonly string[] {
  return Object.keys(members).filter((server) => entryOf(members, server)?.holder === holder);
}

export function holdsAny(members: Members, holder: string): boolean {
  return Object.values(members).some((member) => member.holder === holder);
}
