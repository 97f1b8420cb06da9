import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRunning, pidsMarked, until } from '../support/processes.ts';
import { factsSoFar, openStage, pidOf, quickRestart, untilState } from '../support/supervised.ts';

const program = fileURLToPath(new URL('../servers/supervises-servers.mjs', import.meta.url));

/** A supervisor whose one server supervises three processes: two servers, and what one of them left behind. */
async function openNested(closeMs: number) {
  const { mark, open } = openStage();
  const supervisor = await open({
    outer: {
      command: process.execPath,
      args: ['--import', 'tsx', program, mark],
      restart: quickRestart,
      stop: { closeMs, terminateMs: 300, killMs: 3_000 },
    },
  });
  await supervisor.ready();
  const inner = () => pidsMarked(mark).filter((pid) => pid !== supervisor.status('outer').pid);
  expect(inner()).toHaveLength(3);
  return { supervisor, inner };
}

async function straysTold(supervisor: Parameters<typeof factsSoFar>[0]): Promise<readonly unknown[]> {
  return (await factsSoFar(supervisor)).filter(({ type }) => type === 'stray.found');
}

describe.concurrent('a server that supervises servers of its own', () => {
  it('ends them itself when it is stopped, and they are nobody’s strays', async () => {
    const { supervisor, inner } = await openNested(10_000);
    await supervisor.send('outer', { type: 'server.stop' });
    expect(inner()).toEqual([]);
    expect(await straysTold(supervisor)).toEqual([]);
  });

  it('has them ended by its own guard when it is killed, while its next generation has its own', async () => {
    const { supervisor, inner } = await openNested(300);
    const first = inner();
    const back = untilState(supervisor, 'outer', 'connected');
    process.kill(pidOf(supervisor, 'outer'), 'SIGKILL');
    await until('those of the first generation are gone', () => !first.some(isRunning));
    await back;
    expect(inner()).toHaveLength(3);
    expect(await straysTold(supervisor)).toEqual([]);
    await supervisor.send('outer', { type: 'server.stop' });
    await until('those of the second are gone, too', () => inner().length === 0);
  });

  it('ends what one of them left behind, and nothing else', async () => {
    const { supervisor, inner } = await openNested(10_000);
    const before = inner();
    await supervisor.callTool('outer', 'restart', {});
    await until('the daemon of the first is gone', () => inner().length === 3);
    expect(inner().filter((pid) => before.includes(pid))).toHaveLength(1);
    expect(await straysTold(supervisor)).toEqual([]);
  });

  it('has them ended when the outer supervisor is closed and waits for nothing', async () => {
    const { supervisor, inner } = await openNested(0);
    await supervisor.close();
    await until('all are gone', () => inner().length === 0);
    expect(inner()).toEqual([]);
  });
});
