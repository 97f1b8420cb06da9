/** Sending to actors by their ids, wherever in the tree they are. */

import type { AnyActorRef, EventObject } from 'xstate';

export interface ActorSystem {
  get(id: string): AnyActorRef | undefined;
}

export interface Post {
  readonly system: ActorSystem;
  readonly enqueue: { sendTo(actor: AnyActorRef, event: EventObject): void };
}

/** Nothing happens if nobody has this id: XState would take the sender for the addressee. */
export function sendById<Event extends EventObject>({ system, enqueue }: Post, id: string, event: Event): void {
  const actor = system.get(id);
  if (actor !== undefined) enqueue.sendTo(actor, event);
}
