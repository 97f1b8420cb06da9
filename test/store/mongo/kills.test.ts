import { expect, it, onTestFinished } from 'vitest';
import { describeWithDurableMongo } from '../../support/mongo/suites.ts';
import { bundleWriter, killWriter } from './kills/kills.ts';
import { createDatabase, openIn } from './place.ts';

/** On a busy machine, what is asked for afterwards may take longer than anybody would wait for MongoDB. */
const patienceMs = 30_000;

describeWithDurableMongo('a store in MongoDB, and kills', ({ server }) => {
  it('has everything that a process was told of that was killed while it wrote', async () => {
    const address = createDatabase(server().url);
    const store = openIn(address, { boundMs: patienceMs });
    const writer = await bundleWriter();
    onTestFinished(() => writer.remove());
    for (let kill = 0; kill < 2; kill += 1) {
      const { told, kept } = await killWriter(writer, address, store);
      for (const what of ['version', 'fact', 'servers'] as const) expect(kept[what]).toBeGreaterThanOrEqual(told[what]);
      expect(told.version).toBeGreaterThan(0);
    }
  });

  it('has everything that it acknowledged when the database was killed', async () => {
    const store = openIn(createDatabase(server().url), { boundMs: patienceMs });
    let acknowledged = 0;
    let isAway = false;
    const writing = (async () => {
      while (!isAway) {
        const edit = { at: '2026-11-01T00:00:00.000Z', by: 'test', summary: String(acknowledged), changes: [] };
        const committed = await store.configuration.commit(acknowledged, edit).catch(() => null);
        // One whose answer was lost, and that was not tried again in time, may be there.
        acknowledged = committed?.version ?? acknowledged;
      }
    })();
    while (acknowledged < 20) await store.configuration.version();
    await server().restart('SIGKILL', async () => {
      isAway = true;
    });
    await writing;
    const { version } = await store.configuration.read();
    expect(version).toBeGreaterThanOrEqual(acknowledged);
    expect(await store.configuration.versions({ limit: 1_000 })).toHaveLength(version);
  });
});
