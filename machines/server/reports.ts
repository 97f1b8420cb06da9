/** What a server reports to the root and to the actor that holds it. */

import { type Sender, sendById } from '../holding/address.ts';
import { supervisorId } from '../ids.ts';
import type { ServerContext } from './context.ts';
import type { Moment, ServerReport } from './events.ts';
import { standingOf } from './standing.ts';

interface ServerSender extends Sender {
  readonly context: ServerContext;
}

/** Failures that the server did not cause: its group does not act on them. */
const silentLosses: ReadonlySet<string> = new Set(['sessionLost', 'clientLost', 'shortage']);

/** Most servers are related to no other: they skip this, and so do not pay for it. */
export function reportStanding(sender: Sender, context: ServerContext): void {
  if (!context.policy.related) return;
  const changed: ServerReport = { type: 'server.changed', server: context.name, standing: standingOf(context) };
  sendById(sender, supervisorId, changed);
}

/** It failed while it was connected. A server that finished has not failed. */
export function reportLost(sender: ServerSender, { at, random }: Moment): void {
  const { name, policy, failure, next } = sender.context;
  if (!policy.related || failure === null) return;
  if (silentLosses.has(failure.class) || next === 'idle') return;
  const standing = standingOf({ ...sender.context, phase: 'ending' });
  sendById(sender, supervisorId, { type: 'server.lost', server: name, standing, at, random } satisfies ServerReport);
}

/** It rests and is to be removed or shut down. */
export function reportGone(sender: ServerSender): void {
  const { name, holder, removing, shuttingDown } = sender.context;
  if (holder !== null && (removing || shuttingDown))
    sendById(sender, holder, { type: 'server.gone', server: name } satisfies ServerReport);
}
