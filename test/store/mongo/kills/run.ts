/**
 * Kills a writer many times, and says what was lost of what it had been told.
 *
 *   npx tsx test/store/mongo/kills/run.ts [200]
 */

import { openMongoStore } from '../../../../src/store/mongo/store.ts';
import { mongoKinds } from '../../../support/mongo/servers.ts';
import { bundleWriter, killWriter } from './kills.ts';

const killsPerDatabase = 20;
const kills = Number(process.argv[2] ?? 200);
const kind = mongoKinds().find(({ isDurable }) => isDurable);
if (kind === undefined || kind.lack !== null) throw new Error(kind?.lack ?? 'There is no server to write to.');

const server = await kind.start();
const writer = await bundleWriter();
let [lost, unheard, acknowledged] = [0, 0, 0];
// An imitation reads all that there is when it looks for one thing: it begins with nothing now and then.
for (let begun = 0; begun < kills; begun += killsPerDatabase) {
  const address = `${server.url}kills_${begun}`;
  const store = openMongoStore(address, { now: Date.now, env: {}, boundMs: 60_000, onNotice: () => {} });
  let newest = 0;
  for (let kill = begun; kill < Math.min(begun + killsPerDatabase, kills); kill += 1) {
    const { told, kept } = await killWriter(writer, address, store);
    for (const what of ['version', 'fact', 'servers'] as const) {
      lost += Math.max(0, told[what] - kept[what]);
      if (kept[what] > told[what]) unheard += 1;
    }
    newest = kept.version + kept.fact;
  }
  acknowledged += newest;
  await store.close();
  console.log(`${begun + killsPerDatabase} kills, ${acknowledged} versions and facts, ${lost} lost`);
}
await server.close();
await writer.remove();
console.log(
  `${kind.name}: ${kills} kills, ${acknowledged} versions and facts; ${lost} lost, ${unheard} written unheard`,
);
process.exitCode = lost === 0 ? 0 : 1;
