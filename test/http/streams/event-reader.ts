/** A reader of server-sent events over a socket of its own, which may stop reading, or vanish without a word. */

import { type IncomingMessage, request } from 'node:http';
import { until } from '../../support/processes.ts';

export interface StreamEvent {
  /** Null: it came without one. */
  readonly id: string | null;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventReader {
  /** What has come, oldest first. */
  readonly events: readonly StreamEvent[];
  readonly headers: IncomingMessage['headers'];
  /** Comment lines that have come. */
  comments(): number;
  /** Resolves when what has come is enough. */
  until(what: string, isEnough: (events: readonly StreamEvent[]) => boolean, withinMs?: number): Promise<void>;
  /** Stops reading: the other side finds out by its full buffers. */
  pause(): void;
  resume(): void;
  /** Cuts the connection. */
  vanish(): void;
}

export interface ReaderOptions {
  readonly token?: string;
  readonly lastEventId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Resolves when the answer begins; rejects with its status if it is no stream. */
export function openReader(
  url: string,
  { token, lastEventId, headers: further }: ReaderOptions = {},
): Promise<EventReader> {
  const headers = {
    accept: 'text/event-stream',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    ...further,
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false }, (response) => {
      // What is cut is cut on purpose.
      response.on('error', () => undefined);
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) resolve(read(response));
      else {
        asked.destroy();
        reject(new Error(`no stream: ${response.statusCode}`));
      }
    });
    asked.on('error', reject);
    asked.end();
  });
}

function read(response: IncomingMessage): EventReader {
  const events: StreamEvent[] = [];
  let comments = 0;
  let rest = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = `${rest}${text}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1;
      else events.push(parse(block));
    }
  });
  return {
    events,
    headers: response.headers,
    comments: () => comments,
    until: (what, isEnough, withinMs) => until(what, () => isEnough(events), withinMs),
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    vanish: () => void response.destroy(),
  };
}

function parse(block: string): StreamEvent {
  const fields = new Map(
    block
      .split('\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const data: StreamEvent['data'] = JSON.parse(fields.get('data') ?? 'null');
  return { id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data };
}
