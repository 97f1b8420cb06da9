import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const source = new URL('../../../../src/cli/commands/up/young-generation.ts', import.meta.url);

/** Much is made that stays, first while the heap is held, then again; told are the sizes of its part for new objects. */
const program = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { holdYoungGeneration } from '${source}';
  const size = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
  const make = () => Array.from({ length: 400_000 }, (_, index) => ({ index }));
  const letGrow = holdYoungGeneration();
  const before = size();
  const kept = [make()];
  const held = size();
  letGrow();
  kept.push(make());
  console.log(JSON.stringify({ before, held, grown: size(), made: kept.flat().length }));`;

it('keeps the part of the heap for new objects as small as it is, until it may grow', async () => {
  // A process of its own: what V8 has taken, it keeps.
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { before, held, grown, made } = JSON.parse(stdout) as Record<'before' | 'held' | 'grown' | 'made', number>;
  expect(made).toBe(800_000);
  // Two halves, of which the second is taken when it is first needed.
  expect(held).toBeLessThanOrEqual(2 * before);
  expect(grown).toBeGreaterThan(held);
});
