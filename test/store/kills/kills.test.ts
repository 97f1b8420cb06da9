import { describe, expect, it } from 'vitest';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { killTimes } from './loop.ts';

describe('a process that is killed while it writes', () => {
  it.each(['level:', 'lmdb:'])('has lost nothing that %s acknowledged', async (kind) => {
    const report = await killTimes({ address: `${kind}${createScratchFolder()}`, times: 3, seed: 7 });
    expect(report.violations).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(0);
  });
});
