import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandIn } from '../../../support/doors/commands.ts';
import { createMark, killMarked, pidsMarked } from '../../../support/processes.ts';
import { createScratchFolder } from '../../../support/scratch-folder.ts';

describe('up --detach', () => {
  it('ends with code 5 when the process it started neither answers nor ends, and leaves that alone', async () => {
    const folder = createScratchFolder();
    const mark = createMark();
    const stateDir = join(folder, 'state');
    writeFileSync(join(folder, 'mcp.json'), '{"mcpServers": {}}');
    try {
      const { code, errors } = await commandIn(folder, {
        argv: ['up', '--detach', '--json', '--state-dir', stateDir],
        program: [process.execPath, '-e', `setInterval(() => {}, 60_000); // ${mark}`],
        startMs: 200,
      });
      expect(code).toBe(5);
      const [pid] = pidsMarked(mark);
      const log = join(stateDir, 'logs', 'mcpvisor.log');
      expect(JSON.parse(errors)).toMatchObject({ code: 'NOT_STARTED', pid, log, timeoutMs: 200 });
    } finally {
      killMarked(mark);
    }
  });
});
