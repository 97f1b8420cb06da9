import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { createMark, killMarked } from '../../support/processes.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

it('a group whose actor dies whenever it is given a server leaves the event loop turning and its servers in failed', async () => {
  const mark = createMark();
  onTestFinished(() => killMarked(mark));
  const program = [pathOf('support/dying-group.ts'), pathOf('servers/speak.mjs'), mark];
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...program], { timeout: 30_000 });
  expect(JSON.parse(stdout)).toMatchObject({
    settled: true,
    servers: [
      { name: 'good', state: 'connected', failure: null, alarms: [] },
      { name: 'bad', state: 'failed', failure: 'internal', alarms: ['actor-died'] },
    ],
    outcome: 'done',
    alone: 'connected',
  });
});
