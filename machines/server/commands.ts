/** Takes commands and settles them: which ones, and what is said to those who gave them. */

import { approvalText, blockedText, isApproved } from './clearance.ts';
import type { ServerContext } from './context.ts';
import type { CommandEvent, ServerEmitted } from './events.ts';
import { accept, type CommandKind, type Outcome } from './settlement.ts';

/** What an action of the chart needs for this. */
interface CommandArgs {
  readonly context: ServerContext;
  readonly enqueue: {
    emit(event: ServerEmitted): void;
    assign(change: Partial<ServerContext>): void;
  };
}

export interface Settlement {
  /** Which commands: those that want the server up, or those that want it down. */
  readonly wish: 'up' | 'down';
  readonly outcome: Outcome;
}

const upKinds: ReadonlySet<CommandKind> = new Set(['start', 'restart', 'retry']);

/** `ending`: the old session is still being ended, so that one more restart joins the restart under way. */
export function acceptCommand(
  { context, enqueue }: CommandArgs,
  { commandId, type, ending }: CommandEvent & { readonly ending: boolean },
): void {
  const command = { id: commandId, kind: type.slice('server.'.length) as CommandKind };
  const { open, superseded } = accept(context.open, command, ending);
  enqueue.emit({ type: 'command.accepted', command });
  for (const older of superseded)
    enqueue.emit({ type: 'command.settled', command: older, outcome: 'superseded', reason: type });
  enqueue.assign({ open });
  if (command.kind === 'reset') enqueue.emit({ type: 'command.settled', command, outcome: 'done', reason: null });
}

export function refuseCommand({ context, enqueue }: CommandArgs, { commandId, type }: CommandEvent): void {
  const command = { id: commandId, kind: type.slice('server.'.length) as CommandKind };
  enqueue.emit({ type: 'command.accepted', command });
  enqueue.emit({ type: 'command.settled', command, outcome: 'rejected', reason: refusalOf(context) });
}

export function settleCommands({ context, enqueue }: CommandArgs, { wish, outcome }: Settlement): void {
  const settled = context.open.filter(({ kind }) => upKinds.has(kind) === (wish === 'up'));
  if (settled.length === 0) return;
  const reason = outcome === 'rejected' ? rejectionOf(context) : null;
  for (const command of settled) enqueue.emit({ type: 'command.settled', command, outcome, reason });
  enqueue.assign({ open: context.open.filter((command) => !settled.includes(command)) });
}

/** Rejects the open starts of a server that waits for approval, or whose dependency does not connect by itself. */
export function rejectBlocked(args: CommandArgs): void {
  const reason = blockageOf(args.context);
  if (reason !== null) rejectStarts(args, reason);
}

/** Rejects the open starts of a server that rests. One that only passes through on the way to a start does not rest. */
export function rejectAtRest(args: CommandArgs): void {
  if (!args.context.autostart) rejectStarts(args, rejectionOf(args.context));
}

function rejectStarts({ context, enqueue }: CommandArgs, reason: string): void {
  for (const command of context.open.filter(({ kind }) => upKinds.has(kind)))
    enqueue.emit({ type: 'command.settled', command, outcome: 'rejected', reason });
  enqueue.assign({ open: context.open.filter(({ kind }) => !upKinds.has(kind)) });
}

function refusalOf(context: ServerContext): string {
  if (context.shuttingDown) return 'SHUTTING_DOWN';
  return context.removing ? 'removed' : (blockageOf(context) ?? 'removed');
}

/** Null: nothing that only a person can change keeps it from starting. */
function blockageOf(context: ServerContext): string | null {
  if (!isApproved(context)) return approvalText(context);
  return context.blockedBy === null ? null : blockedText(context.blockedBy);
}

function rejectionOf(context: ServerContext): string {
  if (context.shuttingDown || context.removing) return refusalOf(context);
  if (context.wanted === 'down') return 'stopped';
  return context.lastFailure?.class ?? 'stopped';
}
