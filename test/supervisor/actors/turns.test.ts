import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTurns } from '../../../src/supervisor/actors/turns.ts';

/** A clock that stands still but for the work, which takes a while. */
function openTurns(pieceMs: number) {
  let nowMs = 0;
  const done: number[] = [];
  const turns = createTurns(() => nowMs);
  return {
    done,
    take: (piece: number) =>
      turns.take(() => {
        nowMs += pieceMs;
        done.push(piece);
      }),
    next: (piece: number) =>
      turns.next(() => {
        nowMs += pieceMs;
        done.push(piece);
      }),
    afterwards: (piece: number) => turns.afterwards(() => void done.push(piece)),
    caughtUp: turns.caughtUp,
  };
}

describe('work in turns of the event loop', () => {
  it('is done at once when it is alone', async () => {
    const { take, done } = openTurns(20);
    take(1);
    expect(done).toEqual([1]);
    await nextTurn();
    take(2);
    expect(done).toEqual([1, 2]);
  });

  it('is done in its order, a little in each turn, when it comes in crowds', async () => {
    const { take, done } = openTurns(2);
    const lengths: number[] = [];
    for (let piece = 0; piece < 10; piece += 1) take(piece);
    while (done.length < 10) {
      lengths.push(done.length);
      await nextTurn();
    }
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(lengths).toEqual([3, 6, 9]);
  });

  it('that may come afterwards waits until no other does, and is done one by one', async () => {
    const { take, afterwards, done } = openTurns(2);
    afterwards(101);
    for (let piece = 0; piece < 8; piece += 1) take(piece);
    afterwards(102);
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 101, 102]);
  });

  it('is caught up with when all that waited then is done', async () => {
    const { take, next, caughtUp, done } = openTurns(2);
    expect(caughtUp()).toBeNull();
    next(1);
    const first = caughtUp();
    for (let piece = 2; piece < 10; piece += 1) take(piece);
    await first;
    expect(done).toContain(1);
    expect(done).not.toContain(9);
    await caughtUp();
    expect(done).toContain(9);
    expect(caughtUp()).toBeNull();
  });

  it('that may come afterwards is not put off for ever', async () => {
    const { take, afterwards, done } = openTurns(0.1);
    for (let piece = 0; piece < 1_000; piece += 1) take(piece);
    afterwards(-1);
    while (done.length < 1_001) await nextTurn();
    expect(done.indexOf(-1)).toBeGreaterThan(256);
    expect(done.indexOf(-1)).toBeLessThan(1_000);
  });

  it('that comes while others wait does not overtake them', async () => {
    const { take, done } = openTurns(10);
    take(0);
    take(1);
    take(2);
    await nextTurn();
    take(3);
    await nextTurn();
    await nextTurn();
    expect(done).toEqual([0, 1, 2, 3]);
  });

  it('that is to come in the next turn comes after all that comes in this one', async () => {
    const { take, next, done } = openTurns(1);
    next(1);
    expect(done).toEqual([]);
    take(2);
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual([1, 2]);
  });
});
