/** The events of a stream, as messages. */

import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Answer } from './http/answer/answer.ts';
import { type BodyLimits, readEvents } from './http/answer/body.ts';
import { messagesIn } from './message.ts';

export interface EventReader {
  readonly limits: BodyLimits;
  readonly deliver: (message: JSONRPCMessage) => void;
  /** An event that is no message, and is skipped. */
  readonly onMalformed: (data: string) => void;
}

export interface StreamWatch {
  /** The id of an event: the stream can be resumed after it. */
  readonly token: (token: string) => void;
  /** How long the server asks to wait before the stream is opened again, in milliseconds. */
  readonly retry: (delayMs: number) => void;
}

/** Reads messages to the end of the stream. Rejects with a `RemoteError` if it breaks off, or if one is too long or finds no room. */
export function readMessages(answer: Answer, reader: EventReader, watch: StreamWatch): Promise<void> {
  return readEvents(answer, reader.limits, {
    event({ type, id, data, isLast }) {
      // Events without data only carry an id.
      const messages = data.trim() === '' ? [] : messagesIn(data);
      // The end of the stream may have cut it: it is asked for again.
      if (isLast && messages === null) return;
      if (id !== null) watch.token(id);
      // Some servers give their messages a type of their own; what else comes with one is none of ours.
      if (messages === null && (type === null || type === 'message')) reader.onMalformed(data);
      for (const message of messages ?? []) reader.deliver(message);
    },
    retry: watch.retry,
  });
}

const firstReported = 20;
const reportEvery = 1_000;
/** In characters. More than is shown, so that a secret in it is recognised as a whole before it is cut. */
const excerptLength = 16 * 1_024;

/** Describes events that are no messages: the first 20, then every 1 000th. */
export function createMalformedReport(report: (error: Error) => void): (data: string) => void {
  let malformed = 0;
  return (data) => {
    malformed += 1;
    if (malformed > firstReported && malformed % reportEvery !== 0) return;
    const count = malformed > firstReported ? ` (${malformed} such events so far)` : '';
    report(
      new Error(`The server sent an event that is not a JSON-RPC message${count}: ${data.slice(0, excerptLength)}`),
    );
  };
}
