/** An answer over HTTP, over our own connections or a host's fetch. */

import { pipeline, type Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { entryOf } from '../../../../../machines/table.ts';

export interface Answer {
  readonly url: URL;
  readonly status: number;
  /** By its name in lower case; several of one name are joined by commas. Null: there is none. */
  header(name: string): string | null;
  /** The proxy that it came through, in words. Null: none. */
  readonly via: string | null;
  readonly setCookies: readonly string[];
  /** Decompressed. Read it to the end or drop it: until then it holds a connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection that still brings the body. */
  drop(): void;
}

export function isOk({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** In lower case, without parameters. Null: the server does not say. */
export function mediaTypeOf(answer: Answer): string | null {
  return answer.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? null;
}

export function isEventStream(answer: Answer): boolean {
  return isOk(answer) && mediaTypeOf(answer) === 'text/event-stream';
}

export function toAnswer(url: URL, { statusCode, headers, body }: Dispatcher.ResponseData, via: string | null): Answer {
  const header = (name: string) => {
    const value = entryOf(headers, name);
    return value === undefined ? null : String(value);
  };
  // The reader of the body is told; where there is none, nobody has to know.
  body.on('error', () => {});
  const plain = decompressed(body, header('content-encoding'));
  return {
    url,
    status: statusCode,
    header,
    via,
    setCookies: [headers['set-cookie'] ?? []].flat(),
    body: plain,
    drop: () => void plain.destroy(),
  };
}

/** The answer of a host's own fetch, which decompresses. `over` is called when the body is. */
export function fetchedAnswer(
  url: URL,
  response: Response,
  { drop, over }: { readonly drop: () => void; readonly over: () => void },
): Answer {
  return {
    url,
    status: response.status,
    header: (name) => response.headers.get(name),
    via: null,
    setCookies: response.headers.getSetCookie(),
    body: whole(response.body ?? [], over),
    drop() {
      over();
      drop();
    },
  };
}

async function* whole(body: AsyncIterable<Uint8Array> | readonly never[], over: () => void): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } finally {
    over();
  }
}

/** Each piece comes out when the other side flushed it: events must not wait for the end. */
const flush = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const brotliFlush = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  finishFlush: constants.BROTLI_OPERATION_FLUSH,
};

const decompressors: ReadonlyMap<string, () => ReturnType<typeof createGunzip>> = new Map([
  ['gzip', () => createGunzip(flush)],
  ['x-gzip', () => createGunzip(flush)],
  ['deflate', () => createInflate(flush)],
  ['br', () => createBrotliDecompress(brotliFlush)],
]);

/** What is unpacked here; asked for with every request. */
export const acceptedEncodings = 'gzip, deflate, br';

function decompressed(body: Readable, encoding: string | null): Readable {
  const create = decompressors.get(encoding?.trim().toLowerCase() ?? '');
  if (create === undefined) return body;
  const unpacked = create();
  pipeline(body, unpacked, () => {
    // Either end destroys the other, and the reader of `unpacked` is told why.
  });
  // As of the body above.
  unpacked.on('error', () => {});
  return unpacked;
}
