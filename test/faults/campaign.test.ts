import { expect, it } from 'vitest';
import { campaign } from './campaign.ts';

/** Its schedule kills servers, the guard, the client process and the control plane, and stops, edits and replaces. */
const seed = 2;
const runs = 1;

it.for(['in-process', 'process'] as const)(
  `a short campaign of faults from seed ${seed} finds nothing wrong: %s`,
  { timeout: 300_000 },
  async (isolation, { signal, onTestFinished }) => {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const running = campaign({ runs, seed, isolation, print, signal });
    // One that takes too long is interrupted, and cleans up.
    onTestFinished(async () => void (await running));
    const outcomes = await running;
    expect(
      outcomes.flatMap(({ violations }) => violations),
      lines.join('\n'),
    ).toEqual([]);
    expect(outcomes).toHaveLength(runs);
    expect(Math.min(...outcomes.map(({ calls }) => calls))).toBeGreaterThan(0);
  },
);
