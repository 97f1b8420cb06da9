import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createFacts } from '../../src/observe/facts/facts.ts';
import { startTimeOf } from '../../src/session/process/identity.ts';
import { openSupervisor } from '../../src/supervisor/supervisor.ts';
import { createMark, killMarked, pidsMarked } from '../support/processes.ts';
import { errorOf } from '../support/supervised.ts';

it('a supervisor that cannot tell what an earlier life left starts nothing, and says why', async () => {
  const mark = createMark();
  const stateDir = mkdtempSync(join(tmpdir(), 'mcpvisor-boot-'));
  onTestFinished(() => {
    killMarked(mark);
    rmSync(stateDir, { recursive: true });
  });
  const forever = ['-e', 'setInterval(() => {}, 1000)', '--', mark];
  const survivor = spawn(process.execPath, forever, { detached: true, stdio: 'ignore' });
  await once(survivor, 'spawn');
  const pid = survivor.pid ?? 0;
  const stop = { closeMs: 100, terminateMs: 1_000, killMs: 1_000 };
  const record = { pid, server: 'a', generation: 1, startTime: startTimeOf(pid), stop, command: process.execPath };
  writeFileSync(join(stateDir, 'processes.json'), JSON.stringify({ processes: [record] }));
  const facts = createFacts({ now: Date.now, onError: () => undefined });
  const types: string[] = [];
  facts.subscribe(({ type }) => void types.push(type));
  const error = await errorOf(
    openSupervisor({
      config: { mcpServers: { a: { command: process.execPath, args: forever } } },
      stateDir,
      env: process.env,
      facts: {
        ...facts,
        // The only thing in the reaping that is not its own.
        publish: (fact) => {
          if (fact.type === 'process.reaped') throw new Error('a bug');
          facts.publish(fact);
        },
      },
    }),
  );
  expect(error).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('a bug') });
  expect(types.filter((type) => type.startsWith('config.') || type === 'server.added')).toEqual([]);
  await expect.poll(() => pidsMarked(mark)).toEqual([]);
});
