/** Messages of the root to servers: what changed in their dependencies and dependents, and start slots. */

import { type Sender, sendById } from '../holding/address.ts';
import { serverId } from '../ids.ts';
import { lookIn, type Members } from '../members.ts';
import type { ServerEvent } from '../server/events.ts';
import { entryOf } from '../table.ts';
import type { SupervisorContext } from './events.ts';
import { applicantOf, messagesAfter, type Relations } from './relations.ts';
import { grantSlots } from './start-slots.ts';

interface RootSender extends Sender {
  readonly context: { readonly members: Members };
}

export function notifyRelated(sender: RootSender, servers: readonly string[], relations: Relations): void {
  for (const { server, event } of messagesAfter(servers, relations, lookIn(sender.context.members)))
    sendById(sender, serverId(server), event);
}

interface Granting extends Sender {
  readonly context: SupervisorContext;
  readonly enqueue: Sender['enqueue'] & { assign(change: Partial<SupervisorContext>): void };
}

/** Grants free slots to the servers that have waited longest and may start. */
export function grant(args: Granting): void {
  const { members, dependencies } = args.context;
  const { granted, after } = grantSlots(args.context, (server) => {
    const member = entryOf(members, server);
    return member === undefined || member.isDead ? 'gone' : applicantOf(server, dependencies, lookIn(members));
  });
  args.enqueue.assign(after);
  for (const server of granted) sendById(args, serverId(server), { type: 'slot.granted' } satisfies ServerEvent);
}
