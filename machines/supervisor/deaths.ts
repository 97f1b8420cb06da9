/** What the root does when an actor below it dies by a bug, and when what is left of a dead server has been reaped. */

import type { ActorFailed, ReaperDone } from '../group/holding.ts';
import { holderDied, reaped, reaperDied, serverDied } from '../holding/deaths.ts';
import { clientProcessId, groupId, kindOf } from '../ids.ts';
import { entryOf } from '../table.ts';
import type { SupervisorEmitted } from './events.ts';
import { holderOf, perform, type RootArgs } from './holding.ts';
import { withoutGroup } from './leaving.ts';

interface DeathArgs extends RootArgs {
  readonly enqueue: RootArgs['enqueue'] & { emit(event: SupervisorEmitted): void };
}

export function handleDeath(args: DeathArgs, { actorId, error }: ActorFailed): void {
  const { context, enqueue } = args;
  const { policies, isEnding: isEnd } = context;
  const message = error instanceof Error ? error.message : String(error);
  const { kind, name } = kindOf(actorId);
  if (actorId === clientProcessId) {
    enqueue.stopChild(actorId);
    enqueue.emit({ type: 'client.died', message });
    enqueue.assign({ clientEnd: 'impossible' });
    enqueue.raise({ type: 'client.changed', standing: 'failed', nextRetryAt: null, isCareful: false });
  } else if (kind === 'group') {
    const { servers, ...outcome } = holderDied(holderOf(context), { below: actorId, isEnd });
    // Emitted first: the commands of its servers must not be settled as if this were a shutdown.
    enqueue.emit({ type: 'group.died', group: name, message, servers });
    perform(args, outcome, policies);
    enqueue.assign(withoutGroup(context, name));
    enqueue.raise({ type: 'servers.died', servers });
  } else if (kind === 'server')
    perform(args, serverDied(holderOf(context), { server: name, message, isEnd }), policies);
  else if (kind === 'reaper') perform(args, reaperDied(holderOf(context), { server: name, message }), policies);
}

export function handleReaped(args: RootArgs, { actorId, output }: ReaperDone): void {
  const { context } = args;
  const { kind, name: server } = kindOf(actorId);
  if (kind !== 'reaper') return;
  const place = () => groupId(entryOf(context.members, server)?.group ?? '');
  perform(args, reaped(holderOf(context), { server, place, ...output }), context.policies);
}
