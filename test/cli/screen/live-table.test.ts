import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLiveTable } from '../../../src/cli/screen/live-table.ts';
import { createSupervisor } from '../../../src/index.ts';
import { screenOf } from '../../support/doors/screen.ts';
import { until } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

it('shows the servers below the log, and leaves the log alone when it goes', async () => {
  const file = join(createScratchFolder(), 'terminal');
  // The table closes it.
  const fd = openSync(file, 'a+');
  const supervisor = await createSupervisor({ config: { mcpServers: { gone: { command: 'no-such-program' } } } });
  onTestFinished(() => supervisor.close());
  const stdout = { isTTY: true, columns: 0, rows: 0 };
  const screen = () => screenOf(readFileSync(file, 'utf8'));

  const table = createLiveTable({ stdout, fd, env: { NO_COLOR: '1' } });
  table.log.write('first\n');
  table.show(supervisor);
  await until('the server is shown', () => screen().some((line) => /^gone +failed/.test(line)));
  table.log.write('second\n');
  await until('the log stands above it', () => screen().join('\n').startsWith('first\nsecond\nNAME '));
  await table.close();
  expect(screen()).toEqual(['first', 'second']);
});
