/**
 * Answers on their way to callers. Their bytes count from when an answer is made until its caller has taken it; what
 * finds no room is refused, and a caller that reads nothing for long is cut off.
 *
 * This needs a host that shows how fast its client reads: one that pulls the bodies of responses as they are sent, as
 * Node's server under `@hono/node-server` does. Of one that reads them into a buffer of its own, that buffer is not
 * counted. Where Node's response is not at hand (`c.env.outgoing`), neither are answers of a single piece.
 */

import type { ServerResponse } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { TimerClock } from '../../clock.ts';
import { McpvisorError } from '../../errors.ts';
import type { Account, Budget } from '../../session/budget.ts';

/** What is given to the socket at a time, in bytes: as much of an answer is sent without being counted. */
export const pieceBytes = 32 * 1024;

/** A caller that has taken nothing for so long is cut off, in milliseconds. */
export const stalledMs = 60_000;

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | ArrayBuffer;
}

/** Something on its way. */
export interface Parcel {
  /** The caller has taken a part of it. */
  moved(): void;
  /** It has been taken, or was given up. May be called twice. */
  end(): void;
}

export interface Parcelled {
  /** Whose words they are; empty: of many servers, or this program's own. */
  readonly server: string;
  /** Whether its caller may be anybody: these have room of their own. Default: it has shown who it is. */
  readonly isOpen?: boolean;
  readonly bytes: number;
  /** Called when it was given up: it took too long, or had to give way. Lets go of it at once. */
  readonly cut: () => void;
}

export interface Outgoing {
  /** Throws `ANSWERS_UNREAD`. */
  open(parcelled: Parcelled): Parcel;
  /** Throws `ANSWERS_UNREAD`. */
  send(c: Context, answer: WholeAnswer): Response;
}

interface Used {
  readonly account: Account;
  parcels: number;
}

export function createOutgoing(budget: Budget, timers: TimerClock): Outgoing {
  const ofCallers = new Map<string, Used>();
  const ofAnybody = new Map<string, Used>();

  function open({ server, bytes, cut, isOpen = false }: Parcelled): Parcel {
    const accounts = isOpen ? ofAnybody : ofCallers;
    const one = accounts.get(server) ?? { account: budget.open(server), parcels: 0 };
    let timer: unknown = null;
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      if (timer !== null) timers.clearTimeout(timer);
      hold.release();
      one.parcels -= 1;
      if (one.parcels > 0) return;
      accounts.delete(server);
      one.account.close();
    };
    const giveUp = () => {
      end();
      cut();
    };
    const hold = one.account.hold(giveUp);
    accounts.set(server, one);
    one.parcels += 1;
    const bound = hold.take(bytes);
    if (bound !== null) {
      end();
      const { each, all } = budget.limits;
      throw new McpvisorError('ANSWERS_UNREAD', { bound, maxBytes: bound === 'server' ? each : all });
    }
    const arm = () => {
      timer = timers.setTimeout(giveUp, stalledMs);
    };
    arm();
    return {
      moved() {
        if (isOver) return;
        timers.clearTimeout(timer);
        arm();
      },
      end,
    };
  }

  return {
    open,
    send(c, { status, headers, body }) {
      const about = { server: serverOf(c), isOpen: isOpenTo(c) };
      const response = responseOf(c);
      const whole = (data: string | ArrayBuffer | ReadableStream, length = {}) =>
        c.body(data, status as ContentfulStatusCode, { ...headers, ...length });
      // Hono answers HEAD as GET and drops the body.
      if (c.req.method === 'HEAD') return whole(body);
      const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
      if (bytes > pieceBytes) {
        const pieces = inPieces(body, response, (cut) => open({ ...about, bytes, cut }));
        return whole(pieces, { 'content-length': String(bytes) });
      }
      if (response !== null && !response.destroyed) {
        const parcel = open({ ...about, bytes, cut: () => response.destroy() });
        response.once('close', parcel.end);
      }
      return whole(body);
    },
  };
}

/** Whose words an answer has: empty for a route that is not about one server. */
function serverOf(c: Context): string {
  return c.req.param('name') ?? '';
}

/** Whether anybody may ask for it: nobody was asked who he is. */
function isOpenTo(c: Context): boolean {
  return c.get('who') === undefined;
}

/** The response of Node's server. Null: the host has another one, or does not show it. */
export function responseOf(c: Context): ServerResponse | null {
  const { outgoing } = (c.env ?? {}) as { readonly outgoing?: ServerResponse };
  return typeof outgoing?.once === 'function' ? outgoing : null;
}

function inPieces(
  body: string | ArrayBuffer,
  response: ServerResponse | null,
  open: (cut: () => void) => Parcel,
): ReadableStream<Uint8Array> {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  let rest: Uint8Array = new Uint8Array(0);
  // Refused before it is copied.
  const parcel = open(() => {
    rest = new Uint8Array(0);
    // Its host cancels the stream then. One that is told of an error would report it as a bug.
    if (response !== null) response.destroy();
    else controller?.error(new Error('The caller did not read its answer.'));
  });
  rest = typeof body === 'string' ? Buffer.from(body) : new Uint8Array(body);
  return new ReadableStream<Uint8Array>(
    {
      start(its) {
        controller = its;
      },
      pull(its) {
        parcel.moved();
        if (rest.length === 0) {
          parcel.end();
          its.close();
          return;
        }
        its.enqueue(rest.subarray(0, pieceBytes));
        rest = rest.subarray(pieceBytes);
      },
      cancel() {
        rest = new Uint8Array(0);
        parcel.end();
      },
    },
    { highWaterMark: 0 },
  );
}
