import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { openStage, untilFact } from '../../support/supervised.ts';

const { transports } = hostInMemory({});
const entries = insideEntries(['a', 'b']);

const edited = {
  groups: { default: { strategy: 'one-for-all' as const } },
  shutdownMs: 9_000,
  http: { requestsPerSecond: 7 },
};
const settings = [
  { path: 'shutdownMs', effect: 'applied' },
  { path: 'http.requestsPerSecond', effect: 'at the next start' },
];

describe('an edit of what stands under "mcpvisor" only', () => {
  it('is told by the plan, and by the facts of what was done', async () => {
    const file = join(createScratchFolder(), 'mcp.json');
    const write = (mcpvisor: object) => writeFileSync(file, JSON.stringify({ mcpServers: entries, mcpvisor }));
    write({});
    const supervisor = await createSupervisor({ config: file, transports });
    onTestFinished(() => supervisor.close());
    await supervisor.ready();
    expect(await supervisor.plan({ mcpServers: entries, mcpvisor: edited })).toMatchObject({
      keep: ['a', 'b'],
      groups: ['default'],
      settings,
    });
    const planned = untilFact(supervisor, 'config.planned');
    const applied = untilFact(supervisor, 'config.applied');
    const warned = untilFact(supervisor, 'config.warned');
    write(edited);
    expect(await planned).toMatchObject({ steps: 3 });
    expect(await applied).toMatchObject({ restarted: [], changed: [], groups: ['default'], settings });
    expect((await warned).problems).toEqual([
      expect.stringMatching(/^mcpvisor\.http\.requestsPerSecond: .*at the next start/),
    ]);
  });

  it('takes effect where it says so: the strategy, and how long the end may take', async () => {
    const supervisor = await openStage().open(entries, {}, { transports });
    await supervisor.ready();
    const plan = await supervisor.apply({ mcpServers: entries, mcpvisor: edited });
    expect(plan).toMatchObject({ groups: ['default'], settings });
    expect(supervisor.snapshotOf('group:default').context).toMatchObject({ policy: { strategy: 'one-for-all' } });
    expect(supervisor.snapshotOf('supervisor').context).toMatchObject({ shutdownMs: 9_000 });
  });
});
