import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../../src/cli/program.ts';
import { createScreen } from '../../../../src/cli/screen/screen.ts';
import { createMark, killMarked, pidsMarked } from '../../../support/processes.ts';
import { createScratchFolder } from '../../../support/scratch-folder.ts';

describe('up --detach', () => {
  it('ends with code 5 when the process it started neither answers nor ends, and leaves that alone', async () => {
    const folder = createScratchFolder();
    const mark = createMark();
    const stateDir = join(folder, 'state');
    writeFileSync(join(folder, 'mcp.json'), '{"mcpServers": {}}');
    let errors = '';
    const stderr = new PassThrough().on('data', (chunk) => {
      errors += String(chunk);
    });
    const { signal } = new AbortController();
    try {
      const code = await runCommandLine({
        argv: ['up', '--detach', '--json', '--state-dir', stateDir],
        program: [process.execPath, '-e', `setInterval(() => {}, 60_000); // ${mark}`],
        env: {},
        cwd: folder,
        home: folder,
        uid: process.getuid?.() ?? 0,
        pid: process.pid,
        platform: 'linux',
        version: '0.0.0',
        nodeVersion: process.version,
        stdin: new PassThrough(),
        stdout: createScreen(new PassThrough().resume()),
        stderr: createScreen(stderr),
        startMs: 200,
        stay: () => ({ signal, atOnce: signal }),
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
