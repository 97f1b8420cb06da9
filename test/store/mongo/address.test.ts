import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/store/error.ts';
import { parseMongoAddress } from '../../../src/store/mongo/address.ts';
import { openStore } from '../../../src/store/open.ts';

const secret = 'p%40ss-word';

describe('the address of a store in MongoDB', () => {
  it.each([
    ['mongodb://h:27017/', {}, 'mongodb://h:27017/mcpvisor'],
    ['mongodb://h', {}, 'mongodb://h/mcpvisor'],
    ['mongodb://h/?tls=true', {}, 'mongodb://h/mcpvisor'],
    ['mongodb://h/', { MONGO_DATABASE: 'x' }, 'mongodb://h/x'],
    ['mongodb://h/mcp-agent-graph', { MONGO_DATABASE: 'x' }, 'mongodb://h/mcp-agent-graph'],
    ['mongodb://h/d%C3%A9', {}, 'mongodb://h/dé'],
    [`mongodb://user:${secret}@a:1,b:2/d?replicaSet=r&authSource=admin`, {}, 'mongodb://a:1,b:2/d'],
    [`mongodb+srv://user:${secret}@cluster.example.com/d`, {}, 'mongodb+srv://cluster.example.com/d'],
    [`mongodb://user:${secret}@%2Ftmp%2Fmongodb-27017.sock/d`, {}, 'mongodb://%2Ftmp%2Fmongodb-27017.sock/d'],
    ['mongodb:', { MONGODB_URL: `mongodb://u:${secret}@h/` }, 'mongodb://h/mcpvisor'],
    ['mongodb:', { MONGODB_URL: 'mongodb://h/', MONGO_DATABASE: 'x' }, 'mongodb://h/x'],
  ])('%s with %o is %s', (address, env, shown) => {
    expect(parseMongoAddress(address, env).shown).toBe(shown);
  });

  it.each([
    ['mongodb:', {}],
    ['mongodb:', { MONGODB_URL: ' ' }],
    ['mongodb:', { MONGODB_URL: `postgres://u:${secret}@h/` }],
    [`mongodb://u:${secret}@/d`, {}],
    [`mongodb://u:p@${secret}@h/d@x`, {}],
    [`mongodb://u:${secret}@h/a.b`, {}],
    [`mongodb://u:${secret}@h/admin`, {}],
    [`mongodb://u:${secret}@h/${'x'.repeat(64)}`, {}],
    [`mongodb://u:${secret}@h/%`, { MONGO_DATABASE: 'x y' }],
    [`mongodb://u:${secret}@h/?noSuchOption=${secret}`, {}],
    [`mongodb://u:${secret}@h:port/`, {}],
  ])('%s with %o is refused without a word of it that may be secret', async (address, env) => {
    const refused = await openStore(address, { now: Date.now, stateDir: null, env }).then(
      async ({ store }) => {
        // What only the driver can tell is told by the first use.
        const failure: unknown = await store.configuration.version().catch((error: unknown) => error);
        await store.close();
        return failure;
      },
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(StoreError);
    expect(refused).toMatchObject({ trouble: 'refused' });
    expect(String(refused) + JSON.stringify(refused) + String((refused as Error).stack)).not.toContain(secret);
    expect((refused as Error).cause).toBeUndefined();
  });
});
