/** A client of the control API that can send what a browser or `fetch` would not: any Host, any body, half a body. */

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined if it is none. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface RequestOptions {
  /** Sent as JSON; text is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Client {
  get(path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body: unknown, options?: RequestOptions): Promise<Answer>;
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/** `token` null: sends none. */
export function createClient(url: string, token: string | null): Client {
  const send: Client['send'] = (method, path, options = {}) => {
    const { body } = options;
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const isChunked = options.headers?.['transfer-encoding'] === 'chunked';
    const headers = {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(text !== null && { 'content-type': 'application/json' }),
      ...(text !== null && !isChunked && { 'content-length': String(Buffer.byteLength(text)) }),
      ...options.headers,
    };
    return exchange(`${url}${path}`, { method, headers, text, signal: options.signal });
  };
  return {
    get: (path, options) => send('GET', path, options),
    post: (path, body, options) => send('POST', path, { ...options, body }),
    send,
  };
}

interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | null;
  readonly signal: AbortSignal | undefined;
}

function exchange(url: string, { method, headers, text, signal }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method, headers, agent: false, ...(signal !== undefined && { signal }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: body, json: parsed(body) });
        });
      },
    );
    request.on('error', reject);
    request.end(text ?? undefined);
  });
}

function parsed(text: string): Answer['json'] {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the test looks at `text`, or at what is missing here.
    return {};
  }
}
