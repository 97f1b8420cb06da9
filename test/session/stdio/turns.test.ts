import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { freeOutlet } from '../../../src/session/outlet.ts';
import { createMessageReader } from '../../../src/session/stdio/reader.ts';
import { readInTurns } from '../../../src/session/stdio/turns.ts';
import { roomOf } from '../rooms.ts';

const count = 300_000;
/** At its end, all that is left of it is read at once. Otherwise up to 2 MiB are read before anything else happens. */
const mostLinesInTurn = 6_000;

describe('a stream of short lines', () => {
  it('is read to its end, in order, a few lines in each turn of the loop', async () => {
    const child = spawn('sh', ['-c', `seq ${count} | sed 's/.*/{"jsonrpc":"2.0","id":&}/'`]);
    let inTurn = 0;
    let most = 0;
    const ids: unknown[] = [];
    const newTurn = () => {
      inTurn = 0;
      turn = setImmediate(newTurn);
    };
    let turn = setImmediate(newTurn);
    const reader = createMessageReader({
      maxBytes: 1_000,
      room: roomOf(),
      onMessage(message) {
        ids.push('id' in message ? message.id : null);
        inTurn += 1;
        most = Math.max(most, inTurn);
      },
      onMalformed: (error) => ids.push(error),
      onTooLarge: ({ message }) => ids.push(message),
    });
    readInTurns(child.stdout, reader.push, freeOutlet);
    await once(child, 'close');
    clearImmediate(turn);
    expect(ids).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(most).toBeLessThanOrEqual(mostLinesInTurn);
  });
});
