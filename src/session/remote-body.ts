/** The body of an answer: what it is, and how it ends. */

/** How the body of an answer came to its end: whole, broken by the other side, or given up by us. */
export type BodyEnd = 'whole' | 'broken' | 'dropped';

export interface BodyWatch {
  /** Told once. */
  readonly settled: (end: BodyEnd) => void;
  /** What a reader is given for the error that broke the body. */
  readonly broken: (error: unknown) => unknown;
}

/** The same answer, with news of how its body ends. */
export function watched(response: Response, watch: BodyWatch): Response {
  if (response.body === null) {
    watch.settled('whole');
    return response;
  }
  let isSettled = false;
  const settled = (end: BodyEnd) => {
    if (!isSettled) {
      isSettled = true;
      watch.settled(end);
    }
  };
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            settled('whole');
          } else {
            controller.enqueue(value);
          }
        } catch (error) {
          controller.error(watch.broken(error));
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

/** Without parameters, in lower case. Null: the server does not say. */
export function mediaTypeOf(response: Response): string | null {
  return response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? null;
}

export function isEventStream(response: Response): boolean {
  return response.ok && mediaTypeOf(response) === 'text/event-stream';
}
