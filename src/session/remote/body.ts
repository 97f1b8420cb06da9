/** The body of an answer: its type, how it ends, and a limit on the length of each message in it. */

/** How the body of an answer ended: whole, broken by the other side, or dropped by us. */
export type BodyEnd = 'whole' | 'broken' | 'dropped';

export interface BodyWatch {
  /** Called once. */
  readonly onEnd: (end: BodyEnd) => void;
  /** The error that the reader gets when the body breaks. */
  readonly toError: (error: unknown) => unknown;
  /** Longest message, in bytes: an event of an event stream, or the whole body of anything else. */
  readonly maxMessageBytes: number;
  /** A message was longer; the rest is not read. The reader gets the error that this returns. */
  readonly onTooLarge: () => Error;
}

/** The same answer, but `watch` is informed how its body ends. */
export function watchBody(response: Response, watch: BodyWatch): Response {
  if (response.body === null) {
    watch.onEnd('whole');
    return response;
  }
  let isSettled = false;
  const settled = (end: BodyEnd) => {
    if (!isSettled) {
      isSettled = true;
      watch.onEnd(end);
    }
  };
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const longest = isEventStream(response) ? createEventMeter() : createMeter();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            settled('whole');
          } else if (longest(value) > watch.maxMessageBytes) {
            controller.error(watch.onTooLarge());
            settled('dropped');
            await reader.cancel();
          } else {
            controller.enqueue(value);
          }
        } catch (error) {
          controller.error(watch.toError(error));
          settled('broken');
        }
      },
      async cancel(reason) {
        settled('dropped');
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
}

/** In lower case, without parameters. Null: the server does not say. */
export function mediaTypeOf(response: Response): string | null {
  return response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? null;
}

export function isEventStream(response: Response): boolean {
  return response.ok && mediaTypeOf(response) === 'text/event-stream';
}

/** Takes a piece of a body and returns the length of the longest message in it so far, in bytes. */
type Meter = (piece: Uint8Array) => number;

function createMeter(): Meter {
  let bytes = 0;
  return (piece) => {
    bytes += piece.length;
    return bytes;
  };
}

const [lineFeed, carriageReturn] = [10, 13];

/** An event ends with an empty line. (By the specification a lone CR ends a line too; nobody writes that.) */
function createEventMeter(): Meter {
  let bytes = 0;
  let isLineEmpty = true;
  return (piece) => {
    let longest = 0;
    let from = 0;
    for (let to = piece.indexOf(lineFeed); to !== -1; to = piece.indexOf(lineFeed, from)) {
      bytes += to + 1 - from;
      longest = Math.max(longest, bytes);
      if (isLineEmpty && isBlank(piece, from, to)) {
        bytes = 0;
      }
      isLineEmpty = true;
      from = to + 1;
    }
    bytes += piece.length - from;
    isLineEmpty &&= isBlank(piece, from, piece.length);
    return Math.max(longest, bytes);
  };
}

function isBlank(piece: Uint8Array, from: number, to: number): boolean {
  return to === from || (to === from + 1 && piece[from] === carriageReturn);
}
