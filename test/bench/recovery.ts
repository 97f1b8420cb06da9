/** How long a server that crashed cannot be called, against a bare start of the same server. */

import { createSupervisor } from '../../src/index.ts';
import { atMost, type Bench, type Figures, medianOf } from './bench.ts';
import { environment, lightProgram, type Program, slowProgram, startBareClient, toStdio } from './peers.ts';

const crashes = 7;
/** Short, so that the bench need not wait a minute for each crash to be that of a stable server. */
const stableAfterMs = 50;

const programs: Readonly<Record<string, Program>> = { light: lightProgram, slow: slowProgram(110) };

export const recovery: Bench = {
  about: 'from kill -9 of a stable server to an answered call, vs a bare start (spawn, initialize, tools/list, call)',
  rounds: 3,
  variants: { bare: () => measureEach(measureStarts), supervised: () => measureEach(measureCrashes) },
  judge: (results) => {
    const ratioOf = (program: string) => results.ratio(program, 'supervised', 'bare');
    const measured = (program: string) =>
      `${ratioOf(program).toFixed(2)} × (${results.median('supervised', program).toFixed(0)} / ${results.median('bare', program).toFixed(0)} ms)`;
    return [
      {
        what: 'a server that starts at once',
        measured: measured('lightMs'),
        budget: atMost(ratioOf('lightMs'), 2, ' ×'),
      },
      {
        what: 'a server that starts in 150 ms',
        measured: measured('slowMs'),
        budget: atMost(ratioOf('slowMs'), 2, ' ×'),
      },
      {
        what: 'a server that starts in 150 ms, absolute',
        measured: `${results.median('supervised', 'slowMs').toFixed(0)} ms`,
        budget: atMost(results.median('supervised', 'slowMs'), 300, ' ms'),
      },
    ];
  },
};

async function measureEach(measure: (program: Program) => Promise<number>): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const [name, program] of Object.entries(programs)) figures[`${name}Ms`] = await measure(program);
  return figures;
}

async function measureStarts(program: Program): Promise<number> {
  const spentMs: number[] = [];
  for (let start = 0; start < crashes; start += 1) {
    const startedAt = performance.now();
    const client = await startBareClient(toStdio(program));
    await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    spentMs.push(performance.now() - startedAt);
    await client.close();
  }
  return medianOf(spentMs);
}

async function measureCrashes(program: Program): Promise<number> {
  const restart = { stableAfterMs, intensity: 0, maxConsecutive: 0 };
  await using supervisor = await createSupervisor({
    env: environment,
    config: { mcpServers: { peer: { ...program, restart } } },
  });
  await supervisor.ready();
  const connected = async () => {
    for await (const fact of supervisor.facts()) {
      if (fact.type === 'server.transitioned' && fact.to.startsWith('connected') && !fact.from.startsWith('connected'))
        return;
    }
  };
  const spentMs: number[] = [];
  for (let crash = 0; crash < crashes; crash += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2 * stableAfterMs));
    const { pid } = supervisor.status('peer');
    if (pid === null) throw new Error('the server has no process');
    const back = connected();
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    await back;
    await supervisor.callTool('peer', 'add', { a: 1, b: 2 });
    spentMs.push(performance.now() - killedAt);
  }
  return medianOf(spentMs);
}
