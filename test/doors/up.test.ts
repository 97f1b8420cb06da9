import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '../support/doors/client.ts';
import { openScene } from '../support/doors/daemon.ts';
import { pidsMarked, until, untilNoneMarked } from '../support/processes.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('a control plane in the foreground', () => {
  it('starts the servers of its configuration and answers for them', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker(), two: scene.talker() });
    const daemon = await scene.up();
    await until('both are connected', async () => {
      const { json } = await daemon.client.get('/api/servers');
      return (
        Array.isArray(json.servers) &&
        json.servers.length === 2 &&
        json.servers.every(({ state }) => state === 'connected')
      );
    });
    const answer = await daemon.client.post('/api/servers/two/tools/add/call', { arguments: { a: 2, b: 3 } });
    expect(answer.json).toMatchObject({ result: { content: [{ text: '5' }] } });
    expect((await createClient(daemon.url, null).get('/healthz')).status).toBe(200);
    expect((await createClient(daemon.url, null).get('/api/servers')).status).toBe(401);
  });

  it('says where it is, to its owner alone', async () => {
    const scene = openScene();
    const config = scene.writeConfig({});
    const daemon = await scene.up();
    expect(JSON.parse(readFileSync(join(scene.stateDir, 'control-plane.json'), 'utf8'))).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      pid: daemon.pid,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      config,
    });
    expect(modeOf(scene.stateDir)).toBe('700');
    for (const file of ['control-plane.json', 'lock', 'token', 'mcp-token']) {
      expect(modeOf(join(scene.stateDir, file))).toBe('600');
    }
    expect(readFileSync(join(scene.stateDir, 'mcp-token'), 'utf8').trim()).not.toBe(daemon.token);
  });

  it('tells each server’s way, and how to stop, but never its token', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const daemon = await scene.up({ args: ['--log-format', 'pretty'] });
    // The API is loaded while servers start: either may be told first.
    await until('the way of the server is told', () => /one.*connected/.test(daemon.stdout()));
    await until('where it listens is told', () => daemon.stdout().includes('Ctrl-C'));
    expect(daemon.stdout()).toContain(daemon.url);
    expect(daemon.stdout()).not.toContain(daemon.token);
  });

  it('tells it as JSON lines when nobody reads along', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const daemon = await scene.up();
    await until('the way of the server is told', () => /connected/.test(daemon.stdout()));
    await until('where it listens is told', () => daemon.stdout().includes('Ctrl-C'));
    const lines: { url?: string; level: string }[] = daemon
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', url: daemon.url }));
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends everything on %s', async (signal) => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker(), two: scene.talker() });
    const daemon = await scene.up();
    await until('both run', () => pidsMarked(scene.mark).length === 2);
    daemon.kill(signal);
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    await untilNoneMarked(scene.mark);
    expect(existsSync(join(scene.stateDir, 'control-plane.json'))).toBe(false);
    expect(existsSync(join(scene.stateDir, 'lock'))).toBe(false);
  });

  it.each([
    ['/api/shutdown', undefined],
    ['/api/actors/supervisor/events', { type: 'supervisor.shutdown' }],
  ])('ends everything for %s, and tells who asked for it', async (path, body) => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const daemon = await scene.up({ args: ['--log-level', 'debug'] });
    expect((await daemon.client.send('POST', path, { body })).status).toBe(202);
    expect(await daemon.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    await untilNoneMarked(scene.mark);
    expect(daemon.stdout()).toContain('supervisor.shutdown accepted from token');
    expect(daemon.stdout()).toContain('supervisor.shutdown done');
  });

  it('takes a Ctrl-C that is delivered twice for one', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const daemon = await scene.up();
    daemon.kill('SIGINT');
    daemon.kill('SIGINT');
    expect(await daemon.ended).toMatchObject({ code: 0 });
  });

  it('ends at once on a second Ctrl-C, and leaves no server behind', async () => {
    const scene = openScene();
    const stubborn = fileURLToPath(new URL('../servers/ignores-sigterm.mjs', import.meta.url));
    scene.writeConfig({
      one: {
        command: process.execPath,
        args: [stubborn, scene.mark],
        stop: { closeMs: 600_000, terminateMs: 600_000 },
      },
    });
    const daemon = await scene.up();
    await until(
      'it is connected',
      async () => (await daemon.client.get('/api/servers/one')).json.state === 'connected',
    );
    let code: number | null | undefined;
    void daemon.ended.then((ending) => {
      code = ending.code;
    });
    await until('it ends', () => {
      daemon.kill('SIGINT');
      return code !== undefined;
    });
    expect(code).toBe(1);
    await untilNoneMarked(scene.mark);
  });

  it('answers a command that is waited for when it ends', async () => {
    const scene = openScene();
    scene.writeConfig({ one: { command: process.execPath, args: ['-e', 'process.stdin.resume()', '--', scene.mark] } });
    const daemon = await scene.up();
    const answer = daemon.client.post('/api/servers/one/events?wait=600000', { type: 'server.start' });
    await until(
      'the server is starting',
      async () => (await daemon.client.get('/api/servers/one')).json.state === 'starting',
    );
    daemon.kill('SIGTERM');
    expect((await answer).json).toMatchObject({ code: 'SHUTTING_DOWN', status: 503 });
    expect(await daemon.ended).toMatchObject({ code: 0 });
  });
});

describe('a second control plane on one state directory', () => {
  it('ends with code 6, names the first, and leaves it alone', async () => {
    const scene = openScene();
    scene.writeConfig({});
    const first = await scene.up();
    const second = await scene.run(['up', '--state-dir', scene.stateDir, '--port', '0']).ended;
    expect(second).toMatchObject({ code: 6, stdout: '' });
    expect(second.stderr).toContain(String(first.pid));
    expect((await first.client.get('/api/servers')).status).toBe(200);
    expect(JSON.parse(readFileSync(join(scene.stateDir, 'control-plane.json'), 'utf8'))).toMatchObject({
      pid: first.pid,
    });
  });

  it('takes the place of one that was killed', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const first = await scene.up();
    first.kill('SIGKILL');
    await first.ended;
    const second = await scene.up();
    expect(second.token).toBe(first.token);
    await until(
      'its server is connected',
      async () => (await second.client.get('/api/servers/one')).json.state === 'connected',
    );
  });
});

describe('a start that cannot be', () => {
  it('names the port that is taken, before any server is started', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const squatter = createServer();
    onTestFinished(() => void squatter.close());
    const port = await new Promise<number>((resolve) => {
      squatter.listen(0, '127.0.0.1', () => {
        const address = squatter.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const ending = await scene.run(['up', '--state-dir', scene.stateDir, '--port', String(port)]).ended;
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toContain(String(port));
    expect(pidsMarked(scene.mark)).toEqual([]);
    expect(readdirSync(scene.stateDir).toSorted()).toEqual(['mcp-token', 'token']);
  });

  it('lists every problem of the configuration', async () => {
    const scene = openScene();
    scene.writeConfig({ one: { command: 7 }, two: { url: 'ftp://x' }, '..': scene.talker() });
    const ending = await scene.run(['up', '--state-dir', scene.stateDir, '--port', '0']).ended;
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toContain('mcpServers.one.command');
    expect(ending.stderr).toContain('mcpServers.two.url');
    expect(ending.stderr).toContain('mcpServers[".."]');
    expect(existsSync(join(scene.stateDir, 'lock'))).toBe(false);
  });

  it('names the configuration that is not there', async () => {
    const scene = openScene();
    const ending = await scene.run(['up', '--state-dir', scene.stateDir, '--config', 'nowhere.json']).ended;
    expect(ending.code).toBe(1);
    expect(ending.stderr).toContain(join(scene.folder, 'nowhere.json'));
  });

  it.each([
    [['--host', '0.0.0.0'], '--insecure-bind'],
    [['--store', 'mysql://user:secret@db'], 'level:DIR'],
    [['--isolation', 'thread'], 'in-process'],
    [['--prot', '1'], 'Did you mean --port?'],
    [['--token-file', 'nowhere'], '--token-file'],
  ])('says what is wrong with %j', async (args, expected) => {
    const scene = openScene();
    const ending = await scene.run(['up', '--state-dir', scene.stateDir, '--port', '0', ...args]).ended;
    expect(ending).toMatchObject({ code: 2, stdout: '' });
    expect(ending.stderr).toContain(expected);
  });
});

describe('a start without a configuration', () => {
  it('has no servers and says how to add one', async () => {
    const scene = openScene();
    const daemon = await scene.up();
    expect((await daemon.client.get('/api/servers')).json).toEqual({ servers: [] });
    await until('it says how', () => daemon.stdout().includes('mcpServers'));
    expect(JSON.parse(readFileSync(join(scene.stateDir, 'control-plane.json'), 'utf8'))).toMatchObject({
      config: null,
    });
  });
});

describe('settings of a start', () => {
  it('come from the environment where no option says otherwise', async () => {
    const scene = openScene();
    const file = join(scene.folder, 'fleet.json');
    writeFileSync(file, JSON.stringify({ mcpServers: { one: scene.talker({ lazy: true }) } }));
    const daemon = await scene.up({
      env: { MCPVISOR_CONFIG: 'fleet.json', MCPVISOR_PORT: 'not a port', MCPVISOR_LOG_FORMAT: 'pretty' },
    });
    expect((await daemon.client.get('/api/servers/one')).status).toBe(200);
    expect(() => JSON.parse(daemon.stdout().split('\n')[0] ?? '')).toThrow();
  });

  it('put the token of a file in the place of our own', async () => {
    const scene = openScene();
    writeFileSync(join(scene.folder, 'my-token'), 'the-operator-chose-this\n');
    const daemon = await scene.up({ args: ['--token-file', 'my-token'] });
    expect((await daemon.client.get('/api/servers')).status).toBe(401);
    expect((await createClient(daemon.url, 'the-operator-chose-this').get('/api/servers')).status).toBe(200);
  });

  it('open every address when that is meant', async () => {
    const scene = openScene();
    const daemon = await scene.up({ args: ['--host', '0.0.0.0', '--insecure-bind'] });
    expect(daemon.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect((await daemon.client.get('/api/servers')).status).toBe(200);
  });

  it('let in the hosts and origins of the configuration', async () => {
    const scene = openScene();
    scene.writeConfig({}, { http: { allowedHosts: ['box.lan'], allowedOrigins: ['https://tools.example'] } });
    const daemon = await scene.up();
    expect(
      (await daemon.client.get('/api/servers', { headers: { host: 'box.lan', origin: 'https://tools.example' } }))
        .status,
    ).toBe(200);
    expect((await daemon.client.get('/api/servers', { headers: { host: 'other.lan' } })).status).toBe(403);
  });
});
