/** Requests of servers to us: sampling, elicitation, roots. Passed to the session's holder, answered once. */

import type { JSONRPCRequest, Result } from '@modelcontextprotocol/sdk/types.js';
import { weightOf } from '../../text/weight.ts';
import type { Account, Hold } from '../budget.ts';
import type { Answer } from '../contract.ts';
import type { ClientCapabilities } from '../request.ts';

const capabilityOf: ReadonlyMap<string, keyof ClientCapabilities> = new Map([
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
  ['roots/list', 'roots'],
]);

/**
 * An error answer. The SDK's Client sends `code`, `message` and `data` unchanged; its own McpError would add words
 * before the message.
 */
class ErrorAnswer extends Error {
  override readonly name = 'ErrorAnswer';
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: { readonly code: number; readonly message: string; readonly data?: unknown }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

interface Asked {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: ErrorAnswer) => void;
  readonly room: Hold;
}

/** The Client does not send it, and forgets the request. */
function withdrawn(): ErrorAnswer {
  return new ErrorAnswer({ code: -32600, message: 'The request was withdrawn.' });
}

/** What an open request takes besides its params, in bytes: promises, a controller, its place in tables. */
const perRequest = 2 * 1024;

export class BackRequests {
  readonly #capabilities: ClientCapabilities;
  readonly #account: Account;
  readonly #asked = new Map<string | number, Asked>();

  /** Open requests are taken from `account`. */
  constructor(capabilities: ClientCapabilities, account: Account) {
    this.#account = account;
    this.#capabilities = capabilities;
  }

  /** Calls `onAsked` and resolves with the answer. Rejects with the error to answer instead. */
  ask({ id, method, params }: JSONRPCRequest, signal: AbortSignal, onAsked: () => void): Promise<Result> {
    // That came in one piece with the request: no listener would be called.
    if (signal.aborted) return Promise.reject(withdrawn());
    const capability = capabilityOf.get(method);
    if (capability === undefined || this.#capabilities[capability] === undefined) {
      return Promise.reject(new ErrorAnswer({ code: -32601, message: `Method not found: ${method}` }));
    }
    if (this.#asked.has(id))
      return Promise.reject(new ErrorAnswer({ code: -32600, message: `A request with the id ${id} is open already.` }));
    const room = this.#account.hold();
    if (room.take(perRequest + weightOf([id, params], Number.POSITIVE_INFINITY)) !== null)
      return Promise.reject(
        new ErrorAnswer({ code: -32603, message: 'The requests that are open take too much memory' }),
      );
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject, room });
      // The Client makes one controller per request, so the listener goes with it.
      const onWithdrawn = () => {
        this.#forget(id);
        reject(withdrawn());
      };
      signal.addEventListener('abort', onWithdrawn, { once: true });
      onAsked();
    });
  }

  /** Does nothing if no request with this id is open. */
  answer(id: string | number, answer: Answer): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#forget(id);
    if ('result' in answer) asked.resolve(answer.result);
    else asked.reject(new ErrorAnswer(answer.error));
  }

  close(): void {
    this.#asked.clear();
  }

  #forget(id: string | number): void {
    this.#asked.get(id)?.room.release();
    this.#asked.delete(id);
  }
}
