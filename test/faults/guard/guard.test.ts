import { expect, it } from 'vitest';
import { killMany } from './kills.ts';

const seed = 1;
/** `npm run faults` tries many more. */
const kills = 10;

it(`nothing survives a host that is killed in the middle of its starts, ${kills} times from seed ${seed}`, async ({
  signal,
  onTestFinished,
}) => {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const running = killMany({ kills, seed, print, signal });
  onTestFinished(async () => void (await running));
  const killed = await running;
  expect(
    killed.flatMap(({ survivors }) => survivors),
    lines.join('\n'),
  ).toEqual([]);
  expect(killed).toHaveLength(kills);
  expect(killed.filter(({ left }) => left > 0).length).toBeGreaterThan(kills / 2);
}, 300_000);
