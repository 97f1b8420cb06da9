/** Commands in progress: each is sent to a server's actor, and the chart settles it exactly once. */

import { randomUUID } from 'node:crypto';
import type { ServerEmitted, ServerEvent } from '../../../machines/server/events.ts';
import type { Outcome } from '../../../machines/server/settlement.ts';
import { McpvisorError } from '../../errors.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Moments } from '../actors/moments.ts';
import type { ServerActor } from '../actors/system.ts';
import type { CommandOutcome, CommandType, PostedCommand } from '../contract.ts';
import { allowedOf, stateOf } from '../status/status.ts';

export interface CommandsOptions {
  /** Throws `SERVER_NOT_FOUND`. */
  readonly actorOf: (server: string) => ServerActor;
  readonly moments: Moments;
  readonly publish: PublishFact;
  readonly isShuttingDown: () => boolean;
  readonly lastFailureOf: (server: string) => unknown;
  /** Resolves when the store has all that was wanted until now, or soon. Never rejects. */
  readonly kept: () => Promise<void>;
}

export interface Commands {
  post(server: string, event: { readonly type: CommandType; readonly by?: string }): PostedCommand;
  /** Takes what a server's chart emits about commands, or its group for a server whose actor died. */
  handle(server: string, emitted: ServerEmitted): void;
  /** Rejects the open commands of a server whose actor died, perhaps in the middle of a step. */
  abandon(server: string, reason: string): void;
  /** Rejects all open commands: no chart is left to settle them. */
  close(): void;
}

interface Pending {
  readonly server: string;
  readonly type: CommandType;
  readonly by: string | null;
  settle(outcome: CommandOutcome['outcome']): void;
  reject(error: McpvisorError): void;
}

export function createCommands({
  actorOf,
  moments,
  publish,
  isShuttingDown,
  lastFailureOf,
  kept,
}: CommandsOptions): Commands {
  const pending = new Map<string, Pending>();

  /** Does nothing if the command was already settled because its actor died. */
  function settle(commandId: string, outcome: Outcome, reason: string | null): void {
    const waiting = pending.get(commandId);
    if (waiting === undefined) return;
    pending.delete(commandId);
    const { server, type } = waiting;
    publish({ type: 'command.settled', actor: `server:${server}`, commandId, command: type, outcome, reason });
    if (outcome !== 'rejected') waiting.settle(outcome);
    else if (reason === 'SHUTTING_DOWN') waiting.reject(new McpvisorError('SHUTTING_DOWN', {}));
    else
      waiting.reject(
        new McpvisorError('COMMAND_REJECTED', {
          server,
          command: type,
          reason: reason ?? 'unknown',
          lastFailure: lastFailureOf(server),
        }),
      );
  }

  function rejectAll(isAffected: (command: Pending) => boolean, reason: string): void {
    for (const [commandId, command] of pending) if (isAffected(command)) settle(commandId, 'rejected', reason);
  }

  return {
    post(server, { type, by = null }) {
      if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
      const actor = actorOf(server);
      const snapshot = actor.getSnapshot();
      const allowed = allowedOf(snapshot);
      if (!allowed.includes(type))
        throw new McpvisorError('EVENT_NOT_ALLOWED', { event: type, server, state: stateOf(snapshot).state, allowed });
      const commandId = randomUUID();
      const settled = new Promise<CommandOutcome>((resolve, reject) => {
        pending.set(commandId, { server, type, by, settle: (outcome) => resolve({ commandId, outcome }), reject });
      });
      // A caller that does not wait need not catch a rejection: it is also published as a fact.
      settled.catch(() => undefined);
      actor.send({ type, commandId, ...moments.next() } satisfies ServerEvent);
      return { commandId, kept, settled };
    },
    handle(server, emitted) {
      if (emitted.type === 'command.accepted') {
        const { id, kind } = emitted.command;
        publish({
          type: 'command.accepted',
          actor: `server:${server}`,
          commandId: id,
          command: `server.${kind}`,
          by: pending.get(id)?.by ?? null,
        });
      } else if (emitted.type === 'command.settled') {
        settle(emitted.command.id, emitted.outcome, emitted.reason);
      }
    },
    abandon: (server, reason) => rejectAll((command) => command.server === server, reason),
    close: () => rejectAll(() => true, 'SHUTTING_DOWN'),
  };
}
