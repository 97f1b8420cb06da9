/** Commands sent to the control plane, each of which must be answered once, and as its fact says. */

import type { Life } from '../judge/facts.ts';
import type { ControlPlane } from './control-plane.ts';

export interface Commands {
  send(plane: ControlPlane, command: string, servers: readonly string[]): void;
  /** It is told nobody how it settles: only that it is taken. */
  sendToClientProcess(plane: ControlPlane, type: string): void;
  /** Resolves when all are answered. */
  settled(): Promise<void>;
  /** Answers that say something else than the facts. */
  contradictions(life: Life): readonly string[];
}

/** Longer than any of them takes that does not wait for a person. */
const waitMs = 20_000;
const answerMs = waitMs + 20_000;

/** To one server: a refusal is honest, too. */
const honest: ReadonlySet<unknown> = new Set([
  'EVENT_NOT_ALLOWED',
  'COMMAND_REJECTED',
  'SERVER_NOT_FOUND',
  'SERVER_NOT_CONNECTED',
  'SHUTTING_DOWN',
]);

export function createCommands(violate: (what: string) => void): Commands {
  const open = new Set<Promise<void>>();
  const told = new Map<unknown, unknown>();

  const one = async (plane: ControlPlane, command: string, server: string): Promise<void> => {
    const isMany = server === '*';
    const path = isMany ? '/api/events' : `/api/servers/${encodeURIComponent(server)}/events`;
    const body = isMany ? { type: command, servers: ['*'] } : { type: command };
    try {
      const signal = AbortSignal.timeout(answerMs);
      const { status, json, text } = await plane.client.post(`${path}?wait=${waitMs}`, body, { signal });
      if (status === 200 && !isMany) told.set(json.commandId, json.outcome);
      else if (![200, 202].includes(status) && !honest.has(json.code)) violate(`${command} of "${server}": ${text}`);
    } catch (error) {
      if (plane.isUp()) violate(`${command} of "${server}" is not answered: ${error}`);
    }
  };

  const toClientProcess = async (plane: ControlPlane, type: string): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(answerMs);
      const { status, json, text } = await plane.client.post('/api/actors/client-process/events', { type }, { signal });
      if (![200, 202].includes(status) && !honest.has(json.code)) violate(`${type}: ${text}`);
    } catch (error) {
      if (plane.isUp()) violate(`${type} is not answered: ${error}`);
    }
  };
  const keep = (sending: Promise<void>): void => {
    const sent = sending.finally(() => open.delete(sent));
    open.add(sent);
  };

  return {
    send(plane, command, servers) {
      for (const server of servers) keep(one(plane, command, server));
    },
    sendToClientProcess: (plane, type) => keep(toClientProcess(plane, type)),
    async settled() {
      await Promise.all(open);
    },
    contradictions: ({ facts }) =>
      facts
        .filter(({ type, commandId }) => type === 'command.settled' && told.has(commandId))
        .filter(({ commandId, outcome }) => told.get(commandId) !== outcome)
        .map(({ commandId, outcome }) => `command ${commandId} is ${outcome} and was told as ${told.get(commandId)}`),
  };
}
