/** A client of the control API: returns what a route answers, checked by its schema, or throws its error. */

import { EventSourceParserStream } from 'eventsource-parser/stream';
import type * as z from 'zod';
import { longestDelayMs } from '../../../machines/delay.ts';
import { McpvisorError } from '../../errors.ts';
import { systemCodeOf } from '../../system-error.ts';
import { toJsonText } from '../../text/json-text.ts';
import type { Method } from '../endpoint.ts';
import { boundEvents, isBroken, parseJson, textOf } from './body.ts';
import { listenTo, type Patience, usualPatience, within } from './patience.ts';
import { describeProblem, toError } from './problem-reader.ts';

export interface ApiClientOptions {
  /** Base URL of the control plane, base path included. */
  readonly url: string;
  /** Null: sends none. */
  readonly token: string | null;
  /** Default: 30 s for an answer, 10 s beyond the time that a request grants, 45 s of silence on a stream. */
  readonly patience?: Patience | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiRequest {
  readonly query?: Query;
  readonly signal?: AbortSignal;
  /**
   * Time that the request itself grants to its answer, or to each event of a stream, in milliseconds. Default: none, an
   * answer is expected at once, and events whenever there are some.
   */
  readonly grantedMs?: number;
}

export interface StreamRequest extends ApiRequest {
  /** With a body it is a POST, without a GET. */
  readonly body?: unknown;
  /** Resumes after this event. */
  readonly lastEventId?: string | null;
}

export interface ServerSentEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
}

/**
 * Every method throws the error of a problem document, `NOT_RUNNING` if nothing is there, `NOT_ANSWERING` if it says
 * nothing for too long, or `UNEXPECTED_ANSWER`.
 */
export interface ApiClient {
  readonly url: string;
  get<Schema extends z.ZodType>(path: string, schema: Schema, request?: ApiRequest): Promise<z.output<Schema>>;
  post<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    request?: ApiRequest & { readonly body?: unknown },
  ): Promise<z.output<Schema>>;
  delete<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    request?: ApiRequest & { readonly body?: unknown },
  ): Promise<z.output<Schema>>;
  /** A document that is not JSON. */
  text(path: string): Promise<string>;
  /** Ends with the connection, also when that breaks; throws if it cannot be made. */
  stream(path: string, request?: StreamRequest): AsyncIterable<ServerSentEvent>;
}

/** Holds no connection of its own: there is nothing to close. */
export function createApiClient({ url, token, patience = usualPatience }: ApiClientOptions): ApiClient {
  const base = url.replace(/\/+$/, '');

  async function send(
    method: Method,
    path: string,
    { query = {}, body, headers = {}, signal }: Sent,
  ): Promise<Response> {
    const address = `${base}${path}${toSearch(query)}`;
    const init: RequestInit = {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: toJsonText(body) ?? '' }),
      ...(signal !== undefined && { signal }),
      redirect: 'error',
    };
    const response = await fetch(address, init).catch((cause: unknown) => {
      if (signal?.aborted === true) throw cause;
      throw new McpvisorError('NOT_RUNNING', { stateDir: null, url: base, reason: reasonOf(cause) }, { cause });
    });
    if (response.ok) return response;
    throw await errorOf(response, base);
  }

  async function exchange<Schema extends z.ZodType>(
    method: Method,
    path: string,
    { schema, ...sent }: Sent & { readonly schema: Schema },
  ) {
    return await whole(sent, async (signal) =>
      parsed(schema, await jsonOf(await send(method, path, { ...sent, signal }), base), base),
    );
  }

  async function whole<Value>(
    { grantedMs, signal }: ApiRequest,
    act: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    return await within({ url: base, timeoutMs: limitOf(grantedMs), signal }, act);
  }

  function limitOf(grantedMs: number | undefined): number {
    return grantedMs === undefined ? patience.answerMs : Math.min(grantedMs + patience.marginMs, longestDelayMs);
  }

  /** A stream ends with its connection, in whatever way that ends. */
  function endOf(error: unknown): { readonly done: true; readonly value: undefined } {
    if (!isBroken(error)) throw error;
    return { done: true, value: undefined };
  }

  return {
    url: base,
    get: (path, schema, request = {}) => exchange('GET', path, { ...request, schema }),
    post: (path, schema, request = {}) => exchange('POST', path, { ...request, schema }),
    delete: (path, schema, request = {}) => exchange('DELETE', path, { ...request, schema }),
    text: (path) => whole({}, async (signal) => textOf(await send('GET', path, { signal }), base)),
    async *stream(path, { body, lastEventId = null, grantedMs, ...request } = {}) {
      const { signal } = request;
      const headers = { accept: 'text/event-stream', ...(lastEventId !== null && { 'last-event-id': lastEventId }) };
      const timeoutMs = Math.min(patience.answerMs, limitOf(grantedMs));
      const response = await within({ url: base, timeoutMs, signal }, (beginning) =>
        send(body === undefined ? 'GET' : 'POST', path, { ...request, body, headers, signal: beginning }),
      );
      if (!isStream(response)) {
        await response.body?.cancel();
        throw new McpvisorError('UNEXPECTED_ANSWER', { url: base, reason: 'it is no stream of events' });
      }
      const listening = listenTo({ url: base, silenceMs: patience.silenceMs });
      // The signal again: that of the request is for its beginning, and in Node 20 `fetch` loses its signal when its
      // request is garbage-collected, which may be long before the stream ends.
      const reader = response.body
        .pipeThrough(listening.stream, signal === undefined ? {} : { signal })
        .pipeThrough(boundEvents(base))
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())
        .getReader();
      const next = () => listening.wait(reader.read().catch(endOf));
      try {
        for (;;) {
          const { done, value } = await (grantedMs === undefined ? next() : whole({ grantedMs }, next));
          if (done) return;
          const { id, event, data } = value;
          yield { id: id ?? null, event: event ?? 'message', data: parseJson(data, base) };
        }
      } finally {
        // Rejects only with what broke the stream: `read` has thrown that, or nobody waits for it any more.
        void reader.cancel().catch(() => undefined);
      }
    },
  };
}

function isStream(response: Response): response is Response & { readonly body: NonNullable<Response['body']> } {
  return response.body !== null && /^text\/event-stream\b/.test(response.headers.get('content-type') ?? '');
}

interface Sent extends ApiRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function toSearch(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

/** A later version may answer with more fields: they are kept. Missing fields are an error. */
function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, url: string): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  if (error.issues.every(({ code }) => code === 'unrecognized_keys')) return value as z.output<Schema>;
  const [issue] = error.issues;
  throw new McpvisorError('UNEXPECTED_ANSWER', {
    url,
    reason: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  });
}

async function errorOf(response: Response, url: string): Promise<McpvisorError> {
  const document = await jsonOf(response, url);
  return (
    toError(document) ??
    new McpvisorError('UNEXPECTED_ANSWER', {
      url,
      reason: describeProblem(document) ?? `HTTP status ${response.status}`,
    })
  );
}

async function jsonOf(response: Response, url: string): Promise<unknown> {
  return parseJson(await textOf(response, url), url);
}

/** `fetch` says "fetch failed" and hides the reason in the cause of its error. */
function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { cause } = error;
  const code = systemCodeOf(cause);
  if (code === 'ECONNREFUSED') return null;
  // OpenSSL's messages end with a line break.
  return cause instanceof Error && cause.message !== '' ? cause.message.trim() : (code ?? error.message);
}
