/** What an ordered store keeps of each server, under a key that does not depend on what its name is made of. */

import type { KeptServer, ServerStore } from '../contract.ts';
import { serverKey, wholeRoom } from './keys.ts';
import type { Records } from './records.ts';

interface NamedServer {
  readonly name: string;
  readonly kept: KeptServer;
}

const unknown: KeptServer = { wanted: null, counters: null, lists: null };

export function createServers(records: Records): ServerStore {
  return {
    async read() {
      const servers = new Map<string, KeptServer>();
      for await (const page of records.pages(wholeRoom('server'))) {
        for (const record of page) {
          const { name, kept } = record.value() as NamedServer;
          servers.set(name, kept);
        }
      }
      return servers;
    },
    write: (written) =>
      records.update(async (reader) => {
        const changes = new Map<string, NamedServer | null>();
        for (const [name, what] of written) {
          const key = serverKey(name);
          const before = (await reader.get(key)) as NamedServer | null;
          if (what !== null) changes.set(key, { name, kept: { ...(before?.kept ?? unknown), ...what } });
          else if (before !== null) changes.set(key, null);
        }
        return { changes, result: undefined };
      }),
  };
}
