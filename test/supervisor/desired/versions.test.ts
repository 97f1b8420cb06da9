import { describe, expect, it } from 'vitest';
import type { Supervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { errorOf, openStage } from '../../support/supervised.ts';

const { transports } = hostInMemory({});
const asleep = { command: 'no-such-program', lazy: true };

const open = (names: readonly string[]) => openStage().open(insideEntries(names, { lazy: true }), {}, { transports });

async function historyOf(supervisor: Supervisor) {
  const { versions } = await supervisor.versions();
  return versions.map(({ version, by, summary }) => [version, by, summary]);
}

describe('each edit', () => {
  it('makes a version that says who made it and what it changed, without secrets', async () => {
    const supervisor = await open(['a', 'b']);
    expect(supervisor.configVersion()).toBe(1);
    const env = { TOKEN: 'do-not-show' };
    expect(await supervisor.add('c', { ...asleep, env }, { to: 'store', by: 'anna' })).toMatchObject({ version: 2 });
    expect(await supervisor.update('c', { callTimeoutMs: 7 })).toMatchObject({ version: 3, change: ['c'] });
    expect(await supervisor.remove(['a', 'c'], { version: 3 })).toMatchObject({ version: 4, stop: ['a', 'c'] });
    expect(await historyOf(supervisor)).toEqual([
      [4, 'host', 'removed c, a'],
      [3, 'host', 'changed c'],
      [2, 'anna', 'added c'],
      [1, 'host', 'added a, b; changed settings'],
    ]);
    const { versions, next } = await supervisor.versions({ before: 4, limit: 1 });
    expect(versions[0]?.changes).toEqual([
      {
        source: 'store',
        server: 'c',
        before: { ...asleep, env: { TOKEN: { $kept: 'env.TOKEN' } } },
        after: { ...asleep, env: { TOKEN: { $kept: 'env.TOKEN' } }, callTimeoutMs: 7 },
      },
    ]);
    expect(next).toBe(3);
    expect(await errorOf(supervisor.versions({ limit: 0 }))).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('that changes nothing makes none', async () => {
    const supervisor = await open(['a']);
    expect(await supervisor.apply(supervisor.config())).toMatchObject({ version: 1, keep: ['a'] });
    expect(await supervisor.replace('a', supervisor.entry('a'))).toMatchObject({ version: 1 });
  });

  it('for a version that is no longer in force is refused, with both numbers', async () => {
    const supervisor = await open(['a']);
    const writers = await Promise.allSettled(
      ['b', 'c'].map((name) => supervisor.add(name, asleep, { version: 1, to: 'store' })),
    );
    expect(writers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(writers[1]).toMatchObject({ reason: { code: 'VERSION_CONFLICT', details: { expected: 1, current: 2 } } });
    expect(supervisor.status().servers.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('has its turn: hundreds at once make as many versions, plans in their order, and the state they say', async () => {
    const supervisor = await open(['a']);
    const facts = (await supervisor.journal({ type: 'config.applied' })).facts.length;
    const edits = Array.from({ length: 300 }, (_, index) => {
      const name = `s${index % 7}`;
      if (index < 7) return supervisor.add(name, asleep, { to: index % 2 === 0 ? 'store' : 'host' });
      return supervisor.update(name, { callTimeoutMs: index });
    });
    const versions = (await Promise.all(edits)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: 300 }, (_, index) => index + 2));
    expect(supervisor.configVersion()).toBe(301);
    const applied = (await supervisor.journal({ type: 'config.applied', limit: 10_000 })).facts.slice(facts);
    expect(applied).toHaveLength(300);
    const replayed = new Map<string, unknown>();
    for (let before: number | null = 302; before !== null; ) {
      const page = await supervisor.versions({ before, limit: 100 });
      for (const { server, after } of page.versions.flatMap(({ changes }) => changes))
        if (server !== null && !replayed.has(server)) replayed.set(server, after);
      before = page.next;
    }
    expect(supervisor.config().mcpServers).toEqual(
      Object.fromEntries([...replayed].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    );
  });
});

describe('the servers of the store', () => {
  it('are replaced as a whole, and what lives elsewhere stays', async () => {
    const supervisor = await open(['a']);
    await supervisor.add('b', asleep, { to: 'store' });
    expect(supervisor.status('b').source).toBe('store');
    const { mcpServers: { a, b } = {} } = supervisor.config();
    expect(
      await supervisor.apply({ mcpServers: { a: a ?? {}, b: b ?? {}, c: asleep } }, { to: 'store' }),
    ).toMatchObject({
      start: ['c'],
      keep: ['a', 'b'],
    });
    expect(await supervisor.apply({ mcpServers: { c: asleep } }, { to: 'store' })).toMatchObject({ stop: ['b'] });
    const error = await errorOf(
      supervisor.apply({ mcpServers: { a: { ...a, lazy: false } } } as never, { to: 'store' }),
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { problems: [{ path: 'mcpServers.a' }] } });
    expect(supervisor.status().servers.map(({ name, source }) => `${name} ${source}`)).toEqual(['a host', 'c store']);
  });

  it('may use secrets, and no other variables, nor what only this process has', async () => {
    const supervisor = await open([]);
    const read = (what: string) => `$\{${what}}`;
    const env = { ONE: read('secret:ONE'), TWO: read('TWO') };
    expect(
      await errorOf(supervisor.add('b', { ...asleep, env, args: [read('file:/etc/x')] }, { to: 'store' })),
    ).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ path: 'mcpServers.b.args[0]' }, { path: 'mcpServers.b.env.TWO' }] },
    });
    const live = { transport: 'inside', live: () => undefined };
    expect(await errorOf(supervisor.add('b', live, { to: 'store' }))).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await supervisor.add('b', { ...live, big: 7n })).toMatchObject({ start: ['b'] });
    const { versions } = await supervisor.versions();
    expect(versions[0]?.changes).toMatchObject([{ after: { transport: 'inside' } }]);
  });
});
