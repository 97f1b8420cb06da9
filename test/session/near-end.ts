/** The near end of a wire: a session like any other, which is held at the far end. */

import { setMaxListeners } from 'node:events';
import { isMcpvisorError, McpvisorError } from '../../src/errors.ts';
import { unwritableError } from '../../src/session/calls/call.ts';
import type { OpenSession, Progress, RequestOptions } from '../../src/session/contract.ts';
import { createFarEnd, type Order, type Reply } from './far-end.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: RequestOptions['onProgress'];
}

/** Throws what `JSON.stringify` throws. */
function createPipe<Message>(hear: (message: Message) => void): (message: Message) => void {
  return (message) => {
    const text = JSON.stringify(message);
    setImmediate(() => hear(JSON.parse(text) as Message));
  };
}

/**
 * Sessions at the far end of a wire that carries text: requests, news, results, errors and progress go through
 * `JSON.stringify` and `JSON.parse` in both directions, later and in their order.
 */
export function throughJson(open: OpenSession): OpenSession {
  return createNearEnd((hear) => createPipe(createFarEnd(open, createPipe(hear))));
}

/** `connect` makes a wire for one session: it is given who hears replies, and gives how orders are sent. */
export function createNearEnd(connect: (hear: (reply: Reply) => void) => (order: Order) => void): OpenSession {
  return (request, tell) => {
    const waiting = new Map<number, Waiting>();
    let lastId = 0;
    const send = connect((reply) => {
      if (reply.is === 'news') return tell(reply.news);
      const call = waiting.get(reply.id);
      if (reply.is === 'progress') return call?.onProgress?.(reply.progress);
      waiting.delete(reply.id);
      if (reply.is === 'result') call?.resolve(reply.result);
      else call?.reject(new McpvisorError(reply.code, reply.details));
    });
    send({ do: 'open', request });

    const ask = (order: (id: number) => Order, onProgress?: RequestOptions['onProgress']) => {
      lastId += 1;
      const id = lastId;
      const answered = new Promise<unknown>((resolve, reject) => {
        waiting.set(id, { resolve, reject, onProgress });
        send(order(id));
      });
      return { id, answered };
    };
    return {
      request: (method, params, { timeoutMs, meta, signal, onProgress } = {}) => {
        if (signal?.aborted === true)
          return Promise.reject(new McpvisorError('CALL_CANCELLED', { server: request.server, method }));
        const options = { ...(timeoutMs !== undefined && { timeoutMs }), ...(meta && { meta }) };
        const reportsProgress = onProgress !== undefined;
        // A bug of the caller harms nobody, here as there.
        const safely = (progress: Progress) =>
          void Promise.resolve(progress)
            .then(onProgress)
            .catch(() => {});
        const { id, answered } = ask((id) => ({ do: 'request', id, method, params, options, reportsProgress }), safely);
        const cancel = () => send({ do: 'cancel', id });
        if (signal !== undefined) setMaxListeners(0, signal);
        signal?.addEventListener('abort', cancel, { once: true });
        return answered
          .catch((error: unknown) => {
            throw isMcpvisorError(error) ? error : (unwritableError([params, meta], error) ?? error);
          })
          .finally(() => signal?.removeEventListener('abort', cancel));
      },
      probe: (kind) => ask((id) => ({ do: 'probe', id, kind })).answered as Promise<number>,
      notify: (method, params) => send({ do: 'notify', method, params }),
      end: (kind) => send({ do: 'end', kind }),
      report: (question) => send({ do: 'report', question }),
      limit: (limits) => send({ do: 'limit', limits }),
      answer: (id, answer) => send({ do: 'answer', id, answer }),
    };
  };
}
