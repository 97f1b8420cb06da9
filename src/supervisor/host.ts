/** What a host that embeds the library answers to requests of servers, and how it gets their notifications. */

import type { Answer } from '../session/contract.ts';
import type { ClientCapabilities } from '../session/request.ts';

/** A request or notification of a server. */
export interface ServerMessage {
  readonly server: string;
  readonly method: string;
  readonly params: unknown;
}

/**
 * Answers a request of a server. Returns a result as the MCP schema defines it. If it throws, the server gets an error
 * with the message.
 */
export type Answerer = (
  request: ServerMessage,
) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>;

/** The host's answers to requests of servers. A capability is declared to servers only if it has an answer. */
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

/** `onError` is called with what the host's `onNotification` throws: that must not end the session. */
export function createHost(
  answers: Answers,
  onNotification: ((message: ServerMessage) => void) | undefined,
  onError: (error: unknown) => void,
): Host {
  const answererOf = (method: string): Answerer | undefined => {
    if (method === 'sampling/createMessage') return answers.sampling;
    if (method === 'elicitation/create') return answers.elicitation;
    return method === 'roots/list' ? answers.roots : undefined;
  };
  return {
    async answer(request) {
      const answerer = answererOf(request.method);
      if (answerer === undefined)
        return { error: { code: methodNotFound, message: `${request.method} is not answered here` } };
      try {
        const result: unknown = await answerer(request);
        if (typeof result === 'object' && result !== null)
          return { result: result as Readonly<Record<string, unknown>> };
        return { error: { code: internalError, message: `the host answered ${request.method} without a result` } };
      } catch (error) {
        return { error: { code: internalError, message: error instanceof Error ? error.message : String(error) } };
      }
    },
    notified(message) {
      try {
        // `onNotification` may be an async function; a rejection is a bug of the host, too.
        Promise.resolve(onNotification?.(message)).catch(onError);
      } catch (error) {
        onError(error);
      }
    },
  };
}
