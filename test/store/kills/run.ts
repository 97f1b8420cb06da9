/**
 * Kills a writer again and again, and tells what was lost: `npx tsx test/store/kills/run.ts --times 200 --store level:`.
 * See `test/faults/README.md`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killTimes } from './loop.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    store: { type: 'string', default: 'level:' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-kills-'));
const startedAt = performance.now();
const { acknowledged, violations } = await killTimes({
  address: `${values.store}${folder}`,
  times: Number(values.times),
  seed: Number(values.seed),
});
for (const violation of violations) console.log(violation);
const seconds = Math.round((performance.now() - startedAt) / 1_000);
console.log(
  `${values.store} ${values.times} kills, ${acknowledged} acknowledged writes, ${violations.length} violations, ${seconds} s`,
);
if (violations.length === 0) rmSync(folder, { recursive: true });
else console.log(`see ${folder}`);
process.exitCode = violations.length === 0 ? 0 : 1;
