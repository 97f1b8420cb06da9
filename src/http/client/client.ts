/** A client of the control API: returns what a route answers, checked by its schema, or throws its error. */

import { EventSourceParserStream } from 'eventsource-parser/stream';
import type * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import { parseJsonText, toJsonText } from '../../json-text.ts';
import { systemCodeOf } from '../../system-error.ts';
import { describeProblem, toError } from './problem-reader.ts';

export interface ApiClientOptions {
  /** Base URL of the control plane, base path included. */
  readonly url: string;
  /** Null: sends none. */
  readonly token: string | null;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiRequest {
  readonly query?: Query;
  readonly signal?: AbortSignal;
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

/** Every method throws the error of a problem document, `NOT_RUNNING` if nothing answers, or `UNEXPECTED_ANSWER`. */
export interface ApiClient {
  readonly url: string;
  get<Schema extends z.ZodType>(path: string, schema: Schema, request?: ApiRequest): Promise<z.output<Schema>>;
  post<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    request?: ApiRequest & { readonly body?: unknown },
  ): Promise<z.output<Schema>>;
  /** A document that is not JSON. */
  text(path: string): Promise<string>;
  /** Ends with the connection; throws if that breaks or cannot be made. */
  stream(path: string, request?: StreamRequest): AsyncIterable<ServerSentEvent>;
}

/** Holds no connection of its own: there is nothing to close. */
export function createApiClient({ url, token }: ApiClientOptions): ApiClient {
  const base = url.replace(/\/+$/, '');

  async function send(
    method: 'GET' | 'POST',
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
    method: 'GET' | 'POST',
    path: string,
    { schema, ...sent }: Sent & { readonly schema: Schema },
  ) {
    const response = await send(method, path, sent);
    return parsed(schema, await jsonOf(response), base);
  }

  return {
    url: base,
    get: (path, schema, request = {}) => exchange('GET', path, { ...request, schema }),
    post: (path, schema, request = {}) => exchange('POST', path, { ...request, schema }),
    text: async (path) => await (await send('GET', path, {})).text(),
    async *stream(path, { body, lastEventId = null, ...request } = {}) {
      const headers = { accept: 'text/event-stream', ...(lastEventId !== null && { 'last-event-id': lastEventId }) };
      const response = await send(body === undefined ? 'GET' : 'POST', path, { ...request, body, headers });
      if (response.body === null) return;
      // The signal again: in Node 20 `fetch` loses it when its request is garbage-collected, which may be long before
      // the stream ends.
      const ending = request.signal === undefined ? {} : { signal: request.signal };
      const events = response.body
        .pipeThrough(new TextDecoderStream(), ending)
        .pipeThrough(new EventSourceParserStream());
      for await (const { id, event, data } of events as AsyncIterable<Received>) {
        yield { id: id ?? null, event: event ?? 'message', data: parseJson(data) };
      }
    },
  };
}

interface Sent extends ApiRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Received {
  readonly id?: string | undefined;
  readonly event?: string | undefined;
  readonly data: string;
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
  const document = await jsonOf(response);
  return (
    toError(document) ??
    new McpvisorError('UNEXPECTED_ANSWER', {
      url,
      reason: describeProblem(document) ?? `HTTP status ${response.status}`,
    })
  );
}

async function jsonOf(response: Response): Promise<unknown> {
  return parseJson(await response.text());
}

/** Null if it is not JSON: none of our schemas accepts null. */
function parseJson(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return null;
  }
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
