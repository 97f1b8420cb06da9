/**
 * A program that writes to a store in MongoDB as fast as it can, and says on stdout what has been acknowledged, until it
 * is killed. Its argument: the address.
 */

import { openMongoStore } from '../../../../src/store/mongo/store.ts';

const [, , address = ''] = process.argv;
const { configuration, journal, servers } = openMongoStore(address, {
  now: Date.now,
  env: {},
  // An imitation on a busy machine may take longer than anybody would wait for MongoDB.
  boundMs: 60_000,
  onNotice: () => {},
});

const at = new Date().toISOString();
let version = await configuration.version();
let { lastSeq } = await journal.extent();
for (;;) {
  const after = { command: 'node', version: version + 1 };
  const changes = [{ source: 'store' as const, server: 'counted', before: null, after }];
  const committed = await configuration.commit(version, { at, by: 'writer', summary: 'counts', changes });
  if (committed === null) throw new Error('Somebody else writes to it.');
  ({ version } = committed);
  say('version', version);
  lastSeq += 1;
  await journal.append([{ seq: lastSeq, at, type: 'counted', actor: 'server:counted' }]);
  say('fact', lastSeq);
  await servers.write(new Map([['counted', { lists: lastSeq }]]));
  say('servers', lastSeq);
}

/** A pipe takes it before this returns. */
function say(what: 'version' | 'fact' | 'servers', number: number): void {
  process.stdout.write(`${what} ${number}\n`);
}
