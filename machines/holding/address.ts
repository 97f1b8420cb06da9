/** Sends events to actors by their ids, wherever they are in the tree. */

import type { AnyActorRef, EventObject } from 'xstate';

export interface ActorSystem {
  get(id: string): AnyActorRef | undefined;
}

export interface Sender {
  readonly system: ActorSystem;
  readonly enqueue: { sendTo(actor: AnyActorRef, event: EventObject): void };
}

/** Does nothing if there is no such actor: given `undefined`, XState would send the event to the sender itself. */
export function sendById<Event extends EventObject>({ system, enqueue }: Sender, id: string, event: Event): void {
  const actor = system.get(id);
  if (actor !== undefined) enqueue.sendTo(actor, event);
}
