/**
 * Finds out whether a request that was refused for lack of access (401, 403) speaks for the whole session: a harmless
 * request of another kind is sent, and only if that is refused, too, there is no access.
 */

import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { TimerClock } from '../../clock.ts';
import { RemoteError } from './http/error.ts';

export interface AccessCheckOptions {
  /** Rejects with a `RemoteError` if the message is refused. */
  readonly send: (message: JSONRPCMessage) => Promise<void>;
  /** Ends the request, whose answer does not come. */
  readonly giveUp: (id: RequestId) => void;
  /** The second request was refused for lack of access, too. */
  readonly onRefused: (error: RemoteError) => void;
  readonly timers: TimerClock;
}

export interface AccessCheck {
  /** A request with this method was refused. One check runs at a time. */
  doubt(method: string | null): void;
  /** Whether `id` is of a request made here, whose answer concerns nobody else. */
  takes(id: RequestId | null): boolean;
  close(): void;
}

/** A check that is not answered by then has shown nothing, in milliseconds: the next refusal is checked again. */
const answerMs = 30_000;

export function createAccessCheck({ send, giveUp, onRefused, timers }: AccessCheckOptions): AccessCheck {
  let checks = 0;
  let current: string | null = null;
  let timer: unknown = null;

  function settle(): void {
    current = null;
    if (timer !== null) timers.clearTimeout(timer);
    timer = null;
  }

  async function check(id: string, method: string): Promise<void> {
    try {
      await send({ jsonrpc: '2.0', id, method });
    } catch (error) {
      if (current === id) settle();
      const status = error instanceof RemoteError ? error.refusal.status : null;
      if (error instanceof RemoteError && (status === 401 || status === 403)) onRefused(error);
    }
  }

  return {
    doubt(method) {
      if (current !== null) return;
      checks += 1;
      const id = `access-${checks}`;
      current = id;
      timer = timers.setTimeout(() => {
        settle();
        giveUp(id);
      }, answerMs);
      void check(id, method === 'tools/list' ? 'ping' : 'tools/list');
    },
    takes(id) {
      if (id === null || id !== current) return false;
      settle();
      return true;
    },
    close: settle,
  };
}
