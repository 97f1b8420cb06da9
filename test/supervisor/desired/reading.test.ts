import { describe, expect, it } from 'vitest';
import type { ServerEntry } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { errorOf, openStage, textOf } from '../../support/supervised.ts';

const { transports } = hostInMemory({});

async function openWithSecrets() {
  const stage = openStage();
  const entry = stage.program('speak', { env: { TOKEN: 'do-not-show', 'A.B': 'nor-this' }, callTimeoutMs: 9_000 });
  const supervisor = await stage.open({ files: entry }, { secrets: { GITHUB: 'hidden-too' } });
  await supervisor.ready();
  const environment = async () => JSON.parse(textOf(await supervisor.callTool('files', 'environment')));
  return { stage, entry, supervisor, environment };
}

describe('the configuration that is read', () => {
  it('is what was written, without its secrets, and a copy', async () => {
    const { entry, supervisor } = await openWithSecrets();
    const shown = { ...entry, env: { TOKEN: { $kept: 'env.TOKEN' }, 'A.B': { $kept: 'env.A.B' } } };
    expect(supervisor.entry('files')).toEqual(shown);
    expect(supervisor.config()).toEqual({
      mcpServers: { files: shown },
      mcpvisor: { secrets: { GITHUB: { $kept: 'secrets.GITHUB' } } },
    });
    const { restart } = supervisor.entry('files') as { restart: { baseMs: number } };
    restart.baseMs = 1;
    expect(supervisor.entry('files')).toEqual(shown);
    expect(() => supervisor.entry('nobody')).toThrow(expect.objectContaining({ code: 'SERVER_NOT_FOUND' }));
  });

  it("hides values under other programs' words, too", async () => {
    const stage = openStage();
    const entries = {
      a: { command: 'no-such-program', environment: { TOKEN: 'do-not-show' } },
      b: { url: 'http://127.0.0.1:1/mcp', http_headers: { Authorization: 'do-not-show' } },
      constructor: { url: 'http://127.0.0.1:1/mcp', headers: { Authorization: 'do-not-show' } },
    };
    const supervisor = await stage.open(entries);
    expect(JSON.stringify([supervisor.config(), supervisor.entry('constructor')])).not.toContain('do-not-show');
    expect(await supervisor.apply(supervisor.config())).toMatchObject({ keep: ['a', 'b', 'constructor'] });
  });

  it('is written back without a loss: nothing restarts, and secrets are what they were', async () => {
    const { supervisor, environment } = await openWithSecrets();
    expect(await supervisor.apply(supervisor.config())).toMatchObject({ keep: ['files'], settings: [] });
    expect(await supervisor.replace('files', supervisor.entry('files'))).toMatchObject({ keep: ['files'] });
    expect(await environment()).toMatchObject({ TOKEN: 'do-not-show', 'A.B': 'nor-this' });
    const error = await errorOf(supervisor.add('copy', supervisor.entry('files')));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [{ path: 'mcpServers.copy.env.TOKEN' }, { path: 'mcpServers.copy.env["A.B"]' }] },
    });
  });

  it('has live objects of a host as they are', async () => {
    const live = new Map([['a', 1]]);
    const supervisor = await openStage().open(insideEntries(['a'], { live }), {}, { transports });
    await supervisor.update('a', { callTimeoutMs: 7 });
    const { live: same } = supervisor.entry('a') as ServerEntry & { readonly live?: unknown };
    expect(same).toBe(live);
  });
});

describe('a name that no server has', () => {
  it('is refused alike by whatever takes one, with some of the names there are', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `s${index}`);
    const supervisor = await openStage().open(insideEntries(names, { disabled: true }), {}, { transports });
    const unknown = { code: 'SERVER_NOT_FOUND', details: { server: 'nobody', known: names.slice(0, 100) } };
    for (const ask of [
      async () => supervisor.status('nobody'),
      async () => supervisor.entry('nobody'),
      () => supervisor.update('nobody', {}),
      () => supervisor.replace('nobody', { command: 'x' }),
      () => supervisor.remove('nobody'),
    ])
      expect(await errorOf(ask())).toMatchObject(unknown);
  });
});

describe('a change of an entry', () => {
  it('is a merge patch: what it does not name stays, null takes away, $kept keeps', async () => {
    const { supervisor, environment } = await openWithSecrets();
    expect(await supervisor.update('files', { callTimeoutMs: null, lazy: true })).toMatchObject({ change: ['files'] });
    expect(supervisor.entry('files')).not.toHaveProperty('callTimeoutMs');
    const env = { RENAMED: { $kept: 'env.TOKEN' }, TOKEN: null, 'A.B': { $kept: 'env.A.B' }, NEW: 'value' };
    expect(await supervisor.update('files', { lazy: null, env })).toMatchObject({ restart: ['files'] });
    await supervisor.ensureConnected(['files']);
    const now = await environment();
    expect(now).toMatchObject({ RENAMED: 'do-not-show', 'A.B': 'nor-this', NEW: 'value' });
    expect(now).not.toHaveProperty('TOKEN');
    expect(await supervisor.update('files', { disabled: true })).toMatchObject({ stop: ['files'] });
    expect(await supervisor.update('files', { disabled: null })).toMatchObject({ start: ['files'] });
  });

  it('with a mistake changes nothing, and tells the mistake first, and no warnings of others', async () => {
    const stage = openStage();
    const warned = { transport: 'inside', who: 'a', timeout: 7, autoAprove: [] };
    const supervisor = await stage.open({ ...insideEntries(['z']), warned }, {}, { transports });
    const before = supervisor.config();
    const mistaken = { comand: 'x', callTimeoutMs: -1 };
    for (const error of [
      await errorOf(supervisor.update('z', { ...mistaken, command: 'x', url: 'http://x' } as never)),
      await errorOf(supervisor.replace('z', { ...mistaken, command: 'x' } as never)),
      await errorOf(supervisor.add('y', { ...mistaken, command: 'x' } as never)),
    ]) {
      const { problems } = (error as { details: { problems: { path: string; severity: string }[] } }).details;
      expect(problems[0]?.severity).toBe('error');
      expect(problems.map(({ path }) => path).filter((path) => path.includes('warned'))).toEqual([]);
      const kinds = problems.map(({ severity }) => severity);
      expect(kinds).toEqual([...kinds].sort());
    }
    const gone = await errorOf(supervisor.update('nobody', {}));
    expect(gone).toMatchObject({ code: 'SERVER_NOT_FOUND' });
    expect(supervisor.config()).toEqual(before);
  });
});
