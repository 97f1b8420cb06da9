/** What the sessions of one server reported, as one value. The session's actor replaces it; others only read it. */

import type { Lists, Peer, Session } from '../session/contract.ts';

export interface SessionFacts {
  /** The open session, until it reports `ended`; null: there is none. */
  readonly session: Session | null;
  /** Highest generation ever opened under this name. */
  readonly generation: number;
  /** How many sessions were opened, over all actors of this name. */
  readonly lives: number;
  readonly peer: Peer | null;
  /** The last known lists, with all tools. They are kept when the session ends. */
  readonly lists: Lists;
  /** Whether the server can send messages on its own; null: there is no session, or it is not known yet. */
  readonly push: boolean | null;
  /** Calls that wait to be sent. */
  readonly queued: number;
}

/** The lists of a server that never listed anything: compared by identity. */
export const noLists: Lists = { tools: [], resources: [], resourceTemplates: [], prompts: [], problems: [] };

/** What is known of a server from earlier runs. */
export function factsBefore({ generation, lists }: Pick<SessionFacts, 'generation' | 'lists'>): SessionFacts {
  return { session: null, generation, lives: 0, peer: null, lists, push: null, queued: 0 };
}
