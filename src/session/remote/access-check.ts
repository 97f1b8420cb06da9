/**
 * Finds out whether a request that was refused for lack of access (401, 403) speaks for the whole session: a harmless
 * request of another kind is sent, and only if that is refused, too, there is no access.
 */

import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { RemoteError } from './http/error.ts';

export interface AccessCheckOptions {
  /** Rejects with a `RemoteError` if the message is refused. */
  readonly send: (message: JSONRPCMessage) => Promise<void>;
  /** The second request was refused for lack of access, too. */
  readonly onRefused: (error: RemoteError) => void;
}

export interface AccessCheck {
  /** A request with this method was refused. One check runs at a time. */
  doubt(method: string | null): void;
  /** Whether `id` is of a request made here, whose answer concerns nobody else. */
  takes(id: RequestId | null): boolean;
}

export function createAccessCheck({ send, onRefused }: AccessCheckOptions): AccessCheck {
  let checks = 0;
  let current: string | null = null;

  async function check(id: string, method: string): Promise<void> {
    try {
      await send({ jsonrpc: '2.0', id, method });
    } catch (error) {
      current = null;
      const status = error instanceof RemoteError ? error.refusal.status : null;
      if (error instanceof RemoteError && (status === 401 || status === 403)) onRefused(error);
    }
  }

  return {
    doubt(method) {
      if (current !== null) return;
      checks += 1;
      current = `access-${checks}`;
      void check(current, method === 'tools/list' ? 'ping' : 'tools/list');
    },
    takes(id) {
      if (id === null || id !== current) return false;
      current = null;
      return true;
    },
  };
}
