import { describe, expect, it } from 'vitest';
import type { StreamedEvent } from '../../../src/http/streams/event-stream.ts';
import { streamOf } from '../../../src/http/streams/progress.ts';

describe('the progress of a call whose caller reads slowly', () => {
  it('is dropped beyond 64 events, the oldest first, and its room is given back', async () => {
    let held = 0;
    let most = 0;
    const open = (bytes: number) => {
      held += bytes;
      most = Math.max(most, held);
      let isOver = false;
      return {
        moved() {},
        end() {
          if (!isOver) held -= bytes;
          isOver = true;
        },
      };
    };
    const call = async (onProgress: (progress: { progress: number; message: string }) => void) => {
      for (let count = 0; count < 10_000; count += 1) onProgress({ progress: count, message: 'x'.repeat(1_000) });
      return { done: true };
    };
    const events: StreamedEvent[] = [];
    for await (const event of streamOf(call, { open, toProblem: () => ({}) })) events.push(event);
    expect(events.map(({ event }) => event)).toEqual([...Array.from({ length: 65 }, () => 'progress'), 'result']);
    expect(events[0]?.json).toContain('"progress":0,');
    expect(events[64]?.json).toContain('"progress":9999,');
    expect(most).toBeGreaterThan(64_000);
    expect(most).toBeLessThan(70_000);
    expect(held).toBe(0);
  });
});
