import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastLinesOf } from '../../../../src/cli/commands/up/log-tail.ts';
import { createScratchFolder } from '../../../support/scratch-folder.ts';

describe('the end of a log', () => {
  it('has the sentences of its last lines', async () => {
    const path = join(createScratchFolder(), 'log');
    writeFileSync(path, 'earlier\n{"level":30,"msg":"It starts."}\nnot JSON\n');
    expect(await lastLinesOf(path, 'earlier\n'.length)).toEqual(['It starts.', 'not JSON']);
  });

  it('is not said to be empty when the log cannot be read', async () => {
    const folder = createScratchFolder();
    expect(await lastLinesOf(folder, 0)).toEqual(['The log cannot be read (EISDIR).']);
    expect(await lastLinesOf(join(folder, 'gone'), 0)).toEqual(['The log cannot be read (ENOENT).']);
  });
});
