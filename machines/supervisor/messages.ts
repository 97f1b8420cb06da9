/** Messages of the root to servers: what changed in their dependencies and dependents, and start slots. */

import { type Sender, sendById } from '../holding/address.ts';
import { serverId } from '../ids.ts';
import { lookIn, type Members } from '../members.ts';
import type { ServerEvent } from '../server/events.ts';
import { entryOf } from '../table.ts';
import type { SupervisorContext } from './events.ts';
import { applicantOf, clearanceMessage, messagesAfter, type Relations } from './relations.ts';
import { grantSlots } from './start-slots.ts';

interface RootSender extends Sender {
  readonly context: { readonly members: Members };
}

export function notifyRelated(sender: RootSender, servers: readonly string[], relations: Relations): void {
  for (const { server, event } of messagesAfter(servers, relations, lookIn(sender.context.members)))
    sendById(sender, serverId(server), event);
}

/** Tells servers whether they may start as far as the client process is concerned. */
export function notifyOfClient(sender: Sender & { readonly context: SupervisorContext }, servers: readonly string[]) {
  const look = lookIn(sender.context.members);
  for (const server of servers)
    sendById(sender, serverId(server), clearanceMessage(server, sender.context, look).event);
}

interface Granting extends Sender {
  readonly context: SupervisorContext;
  readonly enqueue: Sender['enqueue'] & { assign(change: Partial<SupervisorContext>): void };
}

/**
 * Grants free slots to the servers that have waited longest and may start: none without the client process, and one at
 * a time after it has died again and again.
 */
export function grant(args: Granting): void {
  const { members, dependencies, client, holders, queue } = args.context;
  const slots = client?.isCareful === true ? 1 : args.context.slots;
  const isHeld = client !== null && client.standing !== 'up';
  const { granted, after } = grantSlots({ slots, holders, queue }, (server) => {
    const member = entryOf(members, server);
    if (member === undefined || member.isDead) return 'gone';
    return isHeld ? 'held' : applicantOf(server, dependencies, lookIn(members));
  });
  args.enqueue.assign({ holders: after.holders, queue: after.queue });
  for (const server of granted) sendById(args, serverId(server), { type: 'slot.granted' } satisfies ServerEvent);
}
