/**
 * `Idempotency-Key`: a request that may change something and is repeated gets the first answer again, and is carried out
 * once. So a request with a key goes on when its client is gone: its repetition is answered with what became of it.
 */

import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { McpvisorError } from '../errors.ts';
import type { HttpEnvironment } from './endpoint.ts';
import type { WholeAnswer } from './streams/outgoing.ts';

/** How long an answer is remembered, in milliseconds. */
const rememberedMs = 600_000;
/** Requests remembered at most; the oldest are forgotten first. */
const mostRemembered = 10_000;

/** Longest key, in characters. */
export const longestKey = 255;

/** Statuses that mean nothing was done: the key may be used again. */
const notDone: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 415, 429, 503]);

export interface Idempotency {
  /**
   * Runs `handle`, which never rejects, unless the key was seen before: then that answer is given again. `reply` sends
   * an answer that is kept, and may throw. Throws
   * `INVALID_REQUEST` for a key that is empty or too long, `IDEMPOTENCY_MISMATCH` for the same key with another body,
   * and `ANSWER_NOT_KEPT` if the first answer was dropped for want of room.
   */
  once(
    c: Context<HttpEnvironment>,
    handle: () => Promise<Response>,
    reply: (answer: WholeAnswer) => Response,
  ): Promise<Response>;
}

interface Remembered {
  readonly digest: string;
  readonly at: number;
  /** Null: it was carried out, and its answer is no longer kept. */
  answer: Promise<Answer> | null;
  /** Size of the answer; null until there is one. */
  bytes: number | null;
}

type Answer = WholeAnswer & { readonly body: ArrayBuffer };

/** `mostBytes`: the total size of the answers above which the oldest are dropped. Default 64 MiB. */
export function createIdempotency(now: () => number, mostBytes = 64 * 1024 * 1024): Idempotency {
  const remembered = new Map<string, Remembered>();

  let bytes = 0;

  function dropAnswer(one: Remembered): void {
    bytes -= one.bytes ?? 0;
    one.bytes = 0;
    one.answer = null;
  }

  function forget(key: string, one: Remembered): void {
    if (remembered.get(key) !== one) return;
    remembered.delete(key);
    dropAnswer(one);
  }

  function makeRoom(): void {
    for (const [key, one] of remembered) {
      const isOver = one.at <= now() - rememberedMs || remembered.size > mostRemembered;
      if (!isOver && bytes <= mostBytes) return;
      // A request in progress must not be started again.
      if (one.bytes === null) continue;
      // That it was carried out is small, and worth more than its answer.
      if (isOver) forget(key, one);
      else dropAnswer(one);
    }
  }

  return {
    async once(c, handle, reply) {
      const given = c.req.header('idempotency-key');
      // A stream cannot be answered again.
      if (given === undefined || c.req.header('accept')?.includes('text/event-stream') === true) return await handle();
      if (given === '' || given.length > longestKey) throw badKey();
      const key = digestOf(JSON.stringify([c.get('who'), c.req.path, given]));
      const digest = digestOf(c.req.method, c.req.url, '\0', new Uint8Array(await c.req.arrayBuffer()));
      const known = remembered.get(key);
      if (known !== undefined && known.at > now() - rememberedMs) {
        if (known.digest !== digest) throw new McpvisorError('IDEMPOTENCY_MISMATCH', { key: given });
        if (known.answer === null) throw new McpvisorError('ANSWER_NOT_KEPT', { key: given });
        return reply(await known.answer);
      }
      if (known !== undefined) forget(key, known);
      c.set('outlivesClient', true);
      const work = handle().then(keep);
      const one: Remembered = { digest, at: now(), answer: work, bytes: null };
      remembered.set(key, one);
      const answer = await work;
      if (notDone.has(answer.status)) forget(key, one);
      else if (remembered.get(key) === one) {
        one.bytes = answer.body.byteLength;
        bytes += one.bytes;
      }
      makeRoom();
      return reply(answer);
    },
  };
}

function badKey(): McpvisorError {
  const message = `must have 1 to ${longestKey} characters`;
  return new McpvisorError('INVALID_REQUEST', {
    problems: [{ path: 'Idempotency-Key', message, hint: null, severity: 'error' }],
  });
}

function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64');
}

async function keep(response: Response): Promise<Answer> {
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.arrayBuffer() };
}
