/** What the sessions of one server have told, as one value: its actor replaces it as a whole, others only read it. */

import type { Lists, Load, Peer, Session } from '../session/contract.ts';

export interface SessionFacts {
  /** Not null from the opening of a session to its `ended`. */
  readonly session: Session | null;
  /** Highest generation ever opened under this name. */
  readonly generation: number;
  /** Lives begun, over all actors of this name. */
  readonly lives: number;
  readonly peer: Peer | null;
  /** The last known lists, every tool included; kept when the session ends. */
  readonly lists: Lists;
  /** Whether the server can tell us things unasked; null: there is no session, or it has not said. */
  readonly push: boolean | null;
  readonly load: Load;
}

export const noLoad: Load = { inFlight: 0, queued: 0 };
/** Stands for lists that were never told. */
export const noLists: Lists = { tools: [], resources: [], resourceTemplates: [], prompts: [], problems: [] };

export function factsBefore(generation: number): SessionFacts {
  return { session: null, generation, lives: 0, peer: null, lists: noLists, push: null, load: noLoad };
}
