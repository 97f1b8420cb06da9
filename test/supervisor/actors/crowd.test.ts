import { describe, expect, it } from 'vitest';
import { createSupervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { until } from '../../support/processes.ts';

const count = 60;

describe('many servers that end in the same turn', () => {
  it('are all seen to be gone before the first of them is started again', async () => {
    const names = Array.from({ length: count }, (_, index) => `s${index}`);
    const { transports, closeOf } = hostInMemory({});
    let opened = 0;
    const supervisor = await createSupervisor({
      config: { mcpServers: insideEntries(names, { restart: { stableAfterMs: 0 } }) },
      startConcurrency: count,
      transports: {
        inside: async (entry, signal) => {
          opened += 1;
          if (opened === count + 1) connectedAtFirstOpening = supervisor.status().counts.connected;
          return await (transports.inside as NonNullable<typeof transports.inside>)(entry, signal);
        },
      },
    });
    let connectedAtFirstOpening: number | null = null;
    await supervisor.ready();
    expect(supervisor.status().counts.connected).toBe(count);
    void Promise.all(names.map(closeOf));
    await until('one of them is started again', () => connectedAtFirstOpening !== null);
    expect(connectedAtFirstOpening).toBe(0);
    await supervisor.close();
  });
});
