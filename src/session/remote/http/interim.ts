/**
 * Passes over what a server says before its answer (`100 Continue`, `103 Early Hints`), which it may do unasked: undici
 * (7.30) breaks a connection at the first of them.
 */

import type { Socket } from 'node:net';

const interim = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/;
const headEnd = '\r\n\r\n';
/** The longest status line that tells what it is, in characters. */
const enough = 'HTTP/1.1 100 '.length;
/** Headers longer than this are left to the parser, in bytes. */
const mostBytes = 16 * 1024;

/** Begins with the first answer. Returns a function to call when the next one is waited for. */
export function passOverInterim(socket: Socket): () => void {
  const read: (size?: number) => Buffer | null = socket.read.bind(socket);
  let isExpected = true;
  let begun: Buffer | null = null;

  /** Null: it may go on as something to pass over. */
  function answerIn(data: Buffer): Buffer | null {
    let rest = data;
    for (;;) {
      if (rest.length < enough) return 'HTTP/1.'.startsWith(rest.toString('latin1', 0, 7)) ? keep(rest) : rest;
      if (!interim.test(rest.toString('latin1', 0, enough))) return rest;
      const end = rest.indexOf(headEnd);
      if (end === -1) return rest.length < mostBytes ? keep(rest) : rest;
      rest = rest.subarray(end + headEnd.length);
    }
  }

  function keep(rest: Buffer): null {
    begun = rest.length === 0 ? null : rest;
    return null;
  }

  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk: Buffer | null = read(size);
      if (!isExpected || chunk === null) return chunk;
      const answer = answerIn(begun === null ? chunk : Buffer.concat([begun, chunk]));
      if (answer === null) continue;
      begun = null;
      isExpected = false;
      return answer;
    }
  };
  return () => {
    isExpected = true;
  };
}
