/** What a server says when it refuses a request: status, headers, and the reason in the body. */

import { isRecord } from '../../../text/json.ts';
import { toMessage } from '../../parse.ts';
import { supportedIn } from '../../protocol/versions.ts';
import { type Answer, mediaTypeOf } from './answer/answer.ts';
import { RemoteError, type RpcError, showUrl } from './error.ts';
import { cleaned, reasonIn } from './reason.ts';

/** A request that was answered with an error status. `text` is the beginning of the body. */
export function toRefused(
  answer: Answer,
  request: {
    readonly verb: string;
    readonly method: string | null;
    readonly session: boolean;
    readonly text: string;
  },
): RemoteError {
  const { status, url, via } = answer;
  const { verb, method, session, text } = request;
  const body = jsonIn(text);
  const rpc = toMessage(body) !== null && isRecord(body) ? rpcErrorIn(body.id, body.error) : null;
  const supported = isRecord(body) ? supportedIn(body.error) : null;
  const reason = supported === null ? reasonIn(body, text, mediaTypeOf(answer)) : null;
  const what = `${verb} ${showUrl(url)}${method === null ? '' : ` (${method})`} was answered with HTTP ${status}${via === null ? '' : ` through ${via}`}`;
  const why = supported === null ? reason : `the server speaks ${supported.join(', ')} only`;
  return new RemoteError({
    message: why === null ? `${what}.` : `${what}: ${why}${/[.!?]$/.test(why) ? '' : '.'}`,
    status,
    method,
    reason,
    rpc,
    challenge: cleaned(answer.header('www-authenticate') ?? ''),
    retryAfterMs: retryAfterMsOf(answer.header('retry-after')),
    session,
    supported,
    reached: status >= 500,
  });
}

function rpcErrorIn(id: unknown, error: unknown): RpcError | null {
  if (!isRecord(error)) return null;
  const { code, message, data } = error;
  return typeof code === 'number' && Number.isInteger(code) && typeof message === 'string'
    ? { id, code, message, data }
    : null;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Error pages are seldom JSON.
    return undefined;
  }
}

/** The wait of a `Retry-After` header (seconds or an HTTP date), in milliseconds. */
export function retryAfterMsOf(header: string | null, now: number = Date.now()): number | null {
  if (header === null || header.trim() === '') {
    return null;
  }
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}
