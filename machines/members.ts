/**
 * What a group, a part of one and the root know of their servers: what they gave, and what they were told. They decide
 * by this alone.
 */

import type { ServerInput, Standing } from './server/events.ts';
import { entryOf, type Table, withEntry } from './table.ts';

export interface Member {
  /** What its actor is made of, and a successor would be: by the last plan, with the operator's last wish. */
  readonly input: ServerInput;
  readonly group: string;
  /** Id of the actor that holds it: a group, a part of one, or the root. */
  readonly holder: string;
  /** Its actor died, and a reaper ends what is left of its processes. */
  readonly isDead: boolean;
  /** It was told to go: it has no successor. */
  readonly isLeaving: boolean;
  /** When its actors died, within the window, in milliseconds. */
  readonly deaths: readonly number[];
  /** Null: it has told nothing, because it is related to nobody, or its actor is not there. */
  readonly standing: Standing | null;
}

export type Members = Table<Member>;

/** Null: nothing is known of it. */
export type Look = (server: string) => Standing | null;

export function lookIn(members: Members): Look {
  return (server) => entryOf(members, server)?.standing ?? null;
}

/** A report of a server that nobody holds any more, or that has become related to nobody, changes nothing. */
export function withStanding(members: Members, server: string, standing: Standing): Members {
  const member = entryOf(members, server);
  if (member === undefined || member.isDead || !member.input.policy.related) return members;
  return withEntry(members, server, { ...member, standing });
}

/** Its actor died: what waits for its end now waits until its processes are reaped. */
export function withEnding(members: Members, server: string): Members {
  const member = entryOf(members, server);
  if (member === undefined || member.standing === null) return members;
  return withEntry(members, server, { ...member, standing: { ...member.standing, phase: 'ending' } });
}

/** Its actor is not there any more. */
export function withoutStanding(members: Members, server: string): Members {
  const member = entryOf(members, server);
  return member === undefined ? members : withEntry(members, server, { ...member, standing: null });
}

/** The operator wishes otherwise, or a plan has other numbers: a successor is to have them. */
export function withInput(members: Members, server: string, change: Partial<ServerInput>): Members {
  const member = entryOf(members, server);
  if (member === undefined) return members;
  const input = { ...member.input, ...change };
  // What it told when it was last related to others is long past.
  const isNews = input.policy.related && !member.input.policy.related;
  return withEntry(members, server, { ...member, input, standing: isNews ? null : member.standing });
}

/** Those that an actor holds, as the table has them, alive or dead. */
export function heldBy(members: Members, holder: string): readonly string[] {
  return Object.keys(members).filter((server) => members[server]?.holder === holder);
}

export function holdsAny(members: Members, holder: string): boolean {
  return Object.values(members).some((member) => member.holder === holder);
}
