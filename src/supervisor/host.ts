/** What an embedding host answers to servers, and what it wants to hear of them. */

import type { Answer, ClientCapabilities } from '../session/contract.ts';

export interface ServerMessage {
  readonly server: string;
  readonly method: string;
  readonly params: unknown;
}

/** Answers one request of a server with a result as the MCP schema wants it. What it throws is told to the server as an error. */
export type Answerer = (request: ServerMessage) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>;

/** A capability is declared to servers only if its answer is given. */
export interface Answers {
  readonly sampling?: Answerer;
  readonly elicitation?: Answerer;
  readonly roots?: Answerer;
}

export interface Host {
  answer(request: ServerMessage): Promise<Answer>;
  notified(message: ServerMessage): void;
}

const methodNotFound = -32_601;
const internalError = -32_603;

export function capabilitiesOf({ sampling, elicitation, roots }: Answers): ClientCapabilities {
  return { ...(sampling && { sampling: {} }), ...(elicitation && { elicitation: {} }), ...(roots && { roots: {} }) };
}

/** `onBug` hears what the host's `onNotification` throws: it must not end the session. */
export function createHost(answers: Answers, onNotification: ((message: ServerMessage) => void) | undefined, onBug: (error: unknown) => void): Host {
  const answererOf = (method: string): Answerer | undefined => {
    if (method === 'sampling/createMessage') return answers.sampling;
    if (method === 'elicitation/create') return answers.elicitation;
    return method === 'roots/list' ? answers.roots : undefined;
  };
  return {
    async answer(request) {
      const answerer = answererOf(request.method);
      if (answerer === undefined) return { error: { code: methodNotFound, message: `${request.method} is not answered here` } };
      try {
        return { result: await answerer(request) };
      } catch (error) {
        return { error: { code: internalError, message: error instanceof Error ? error.message : String(error) } };
      }
    },
    notified(message) {
      try {
        onNotification?.(message);
      } catch (error) {
        onBug(error);
      }
    },
  };
}
