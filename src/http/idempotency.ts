/** `Idempotency-Key`: a repeated POST gets the first answer again, and is carried out once. */

import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { McpvisorError } from '../errors.ts';
import type { HttpEnvironment } from './endpoint.ts';

/** How long an answer is remembered, in milliseconds. */
const rememberedMs = 600_000;
/** Answers remembered at most; the oldest are forgotten first. */
const mostRemembered = 10_000;

/** Statuses that mean nothing was done: the key may be used again. A cancelled call (499) may have been done. */
const notDone: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 415, 429, 503]);

export interface Idempotency {
  /**
   * Runs `handle`, which never rejects, unless the key was seen before: then that answer is given again. Throws
   * `IDEMPOTENCY_MISMATCH` for the same key with another body.
   */
  once(c: Context<HttpEnvironment>, handle: () => Promise<Response>): Promise<Response>;
}

interface Remembered {
  readonly digest: string;
  readonly at: number;
  readonly answer: Promise<Answer>;
  /** Size of the answer; null until there is one. */
  bytes: number | null;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: ArrayBuffer;
}

/** `mostBytes`: the total size of the answers above which the oldest are forgotten. */
export function createIdempotency(now: () => number, mostBytes = 64 * 1024 * 1024): Idempotency {
  const remembered = new Map<string, Remembered>();

  let bytes = 0;

  function forget(key: string, one: Remembered): void {
    if (remembered.get(key) !== one) return;
    remembered.delete(key);
    bytes -= one.bytes ?? 0;
  }

  function makeRoom(): void {
    for (const [key, one] of remembered) {
      if (one.at > now() - rememberedMs && remembered.size <= mostRemembered && bytes <= mostBytes) return;
      // A request in progress must not be started again.
      if (one.bytes !== null) forget(key, one);
    }
  }

  return {
    async once(c, handle) {
      const given = c.req.header('idempotency-key');
      // A stream cannot be answered again.
      if (given === undefined || c.req.header('accept')?.includes('text/event-stream') === true) return await handle();
      const key = JSON.stringify([c.get('who'), c.req.path, given]);
      const digest = createHash('sha256')
        .update(c.req.url)
        .update('\0')
        .update(new Uint8Array(await c.req.arrayBuffer()))
        .digest('base64');
      const known = remembered.get(key);
      if (known !== undefined && known.at > now() - rememberedMs) {
        if (known.digest !== digest) throw new McpvisorError('IDEMPOTENCY_MISMATCH', { key: given });
        return toResponse(await known.answer);
      }
      if (known !== undefined) forget(key, known);
      const one: Remembered = { digest, at: now(), answer: handle().then(keep), bytes: null };
      remembered.set(key, one);
      const answer = await one.answer;
      if (notDone.has(answer.status)) forget(key, one);
      else if (remembered.get(key) === one) {
        one.bytes = answer.body.byteLength;
        bytes += one.bytes;
      }
      makeRoom();
      return toResponse(answer);
    },
  };
}

async function keep(response: Response): Promise<Answer> {
  return { status: response.status, headers: [...response.headers], body: await response.arrayBuffer() };
}

function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers: headers.map(([name, value]): [string, string] => [name, value]) });
}
