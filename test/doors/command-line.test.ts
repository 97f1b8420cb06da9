import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { sharedByTests } from '../support/finishing.ts';
import { until } from '../support/processes.ts';

const programOf = (name: string) => fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url));

async function untilSettled({ client }: RunningDaemon): Promise<void> {
  await until('every server has settled', async () => {
    const { json } = await client.get('/api/servers');
    return (
      Array.isArray(json.servers) && json.servers.every(({ state }) => ['connected', 'failed', 'idle'].includes(state))
    );
  });
}

interface Fleet extends Scene {
  readonly daemon: RunningDaemon;
}

/**
 * A control plane with two servers that do well, one of them in a group of its own, one that fails every call, and one
 * that cannot start.
 */
async function openFleet(): Promise<Fleet> {
  const scene = openScene();
  scene.writeConfig({
    files: scene.talker(),
    web: scene.talker({ group: 'web' }),
    grumpy: { command: process.execPath, args: [programOf('answers-with-is-error'), scene.mark] },
    broken: { command: join(scene.folder, 'no-such-program') },
  });
  const daemon = await scene.up();
  await untilSettled(daemon);
  return { ...scene, daemon };
}

/** For what leaves every server as it is. */
const fleet = sharedByTests(openFleet);

describe('open', () => {
  it('shows a page that wants no token any more to a user with a display', async () => {
    const scene = openScene();
    scene.writeConfig({});
    const { url } = await scene.up();
    const opened = join(scene.folder, 'opened');
    const opener = join(scene.folder, 'xdg-open');
    writeFileSync(opener, `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`, {
      mode: 0o755,
    });
    const env = { DISPLAY: ':0', PATH: `${scene.folder}:${process.env.PATH}` };
    expect(await scene.run(['open', '--state-dir', scene.stateDir], { env }).ended).toMatchObject({
      code: 0,
      stdout: `${url}/docs\n`,
      stderr: '',
    });
    await until('it is opened', () => existsSync(opened));
    const page = readFileSync(opened, 'utf8');
    expect(page).toBe(join(scene.stateDir, 'pages', 'docs.html'));
    expect(readFileSync(page, 'utf8')).toContain('GET /api/servers/{name}');
    expect(JSON.parse(readFileSync(join(scene.stateDir, 'pages', 'openapi.json'), 'utf8'))).toMatchObject({
      openapi: '3.1.0',
    });
    expect(statSync(page).mode & 0o777).toBe(0o600);
  });

  it('says how to read it where there is no display', async () => {
    const scene = openScene();
    scene.writeConfig({});
    await scene.up();
    expect((await commandLineOf(scene).command('open')).stderr).toContain(
      `Bearer $(cat ${join(scene.stateDir, 'token')})`,
    );
    expect((await commandLineOf(scene).command('open', '--json')).stderr).toBe('');
  });
});

describe('without a control plane', () => {
  it.each([
    [['status']],
    [['down']],
    [['restart', 'files']],
    [['ensure', 'files']],
    [['tools']],
    [['call', 'files', 'echo', 'text=hi']],
    [['logs', 'files', '-f']],
    [['events', '-f']],
    [['plan']],
    [['open']],
  ])('%j ends with code 3 and says how to start one', async (words) => {
    const scene = openScene();
    const { command } = commandLineOf(scene);
    const ending = await command(...words);
    expect(ending).toMatchObject({ code: 3, stdout: '' });
    expect(ending.stderr).toContain('mcpvisor up');
    expect(ending.stderr).toContain(scene.stateDir);
  });

  it('says the same to programs as a problem document', async () => {
    const { command } = commandLineOf(openScene());
    const { code, stdout, stderr } = await command('status', '--json');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'NOT_RUNNING',
      status: 503,
      type: expect.any(String),
      title: expect.any(String),
    });
  });

  it('does not take the files of one that was killed for one that runs', async () => {
    const scene = openScene();
    scene.writeConfig({});
    const daemon = await scene.up();
    daemon.kill('SIGKILL');
    await daemon.ended;
    const { code, stderr } = await commandLineOf(scene).command('status');
    expect(code).toBe(3);
    expect(stderr).toContain('left its files');
  });

  it('says so when the file that is to hold the token cannot be read, or holds none', async () => {
    const scene = openScene();
    const empty = join(scene.folder, 'empty');
    writeFileSync(empty, '');
    for (const file of [join(scene.folder, 'no-such-file'), empty]) {
      const { code, stderr } = await scene.run(['status', '--url', 'http://127.0.0.1:1'], {
        env: { MCPVISOR_TOKEN_FILE: file },
      }).ended;
      expect(code).toBe(2);
      expect(stderr).toContain('MCPVISOR_TOKEN_FILE');
      expect(stderr).toContain(file);
    }
  });

  it('says so when the token of the control plane that runs cannot be read', async () => {
    const scene = openScene();
    const [given, own] = [join(scene.folder, 'given'), join(scene.stateDir, 'token')];
    writeFileSync(given, 'the-operator-chose-this\n');
    const daemon = await scene.up({ args: ['--token-file', given] });
    const status = async () => await scene.run(['status', '--state-dir', scene.stateDir]).ended;
    rmSync(given);
    const missing = await status();
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain(`${given} cannot be read (ENOENT)`);
    mkdirSync(given);
    expect((await status()).stderr).toContain(`${given} cannot be read (EISDIR)`);
    const doctor = await scene.run(['doctor', '--state-dir', scene.stateDir]).ended;
    expect(doctor.stdout).toContain(`${given} cannot be read (EISDIR)`);
    daemon.kill('SIGTERM');
    await daemon.ended;
    await scene.up();
    rmSync(own);
    mkdirSync(own);
    const odd = await status();
    expect(odd).toMatchObject({ code: 2, stdout: '' });
    expect(odd.stderr).toContain(`${own} cannot be read (EISDIR)`);
  });

  it('names the address that nobody answers at', async () => {
    const { code, stderr } = await openScene().run(['status', '--url', 'http://127.0.0.1:1']).ended;
    expect(code).toBe(3);
    expect(stderr).toContain('http://127.0.0.1:1');
  });

  it('takes no address with a password in it, and does not repeat that', async () => {
    const { code, stderr } = await openScene().run(['status', '--url', 'http://ann:secret-word@127.0.0.1:1']).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('--token');
    expect(stderr).not.toContain('secret-word');
  });

  it('has one line for who speaks no TLS', async () => {
    const plain = createServer((_, response) => response.end());
    onTestFinished(() => void plain.close());
    const port = await new Promise((resolve) =>
      plain.listen(0, '127.0.0.1', () => resolve((plain.address() as AddressInfo).port)),
    );
    const { code, stderr } = await openScene().run(['status', '--url', `https://127.0.0.1:${port}`]).ended;
    expect(code).toBe(3);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('mistakes of usage', () => {
  it('end with code 2', async () => {
    const { command } = commandLineOf(fleet());
    const mistakes = [
      ['restart'],
      ['restart', 'files', '--all'],
      ['logs'],
      ['nonsense'],
      ['status', '--nonsense'],
      ['call', 'files', 'echo', 'text'],
    ];
    for (const words of mistakes) {
      expect(await command(...words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: /) });
      expect(JSON.parse((await command(...words, '--json')).stderr)).toMatchObject({ code: 'INVALID_REQUEST' });
    }
  });

  it('say where an option belongs that stands before its command', async () => {
    const { run, stateDir } = openScene();
    const advice = 'Options come after the command: mcpvisor status --state-dir DIR';
    expect(await run(['--state-dir', stateDir, 'status']).ended).toMatchObject({
      code: 2,
      stderr: `error: unknown option '--state-dir'\n(${advice})\n`,
    });
    const { stderr } = await run(['--state-dir', stateDir, 'status', '--json']).ended;
    expect(JSON.parse(stderr)).toMatchObject({ problems: [{ hint: advice }] });
  });
});

describe('status', () => {
  it('shows where every server is, on plain lines in a pipe', async () => {
    const { command } = commandLineOf(fleet());
    const { code, stdout } = await command('status');
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^NAME +STATE +SINCE +ATTEMPT +RETRY +TOOLS +ALARMS$/);
    expect(lines[1]).toMatch(/^files +connected\.quiet +\d{4}-\d\d-\d\dT\S+Z +0 +- +9 +-$/);
    expect(lines.find((line) => line.startsWith('broken '))).toMatch(/^broken +failed/);
    expect(stdout).toContain('broken: spawnFailed: ');
  });

  it('shows programs what the API says', async () => {
    const { json } = commandLineOf(fleet());
    expect(await json('status')).toMatchObject({
      version: expect.any(String),
      servers: [{ name: 'files' }, { name: 'web' }, { name: 'grumpy' }, { name: 'broken' }],
    });
    expect(await json('status', '--tree')).toMatchObject({
      actors: expect.arrayContaining([expect.objectContaining({ id: 'server:files', parent: 'group:default' })]),
    });
  });

  it('shows actors below those that started them', async () => {
    const { stdout } = await commandLineOf(fleet()).command('status', '--tree');
    expect(stdout).toMatch(/^supervisor +running/m);
    expect(stdout).toMatch(/^├─ group:default +running/m);
    expect(stdout).toMatch(/^│ {2}├─ server:files +connected\.quiet +/m);
  });

  it('shows a group no longer that lost its last server by an edit', async () => {
    const scene = openScene();
    const { command } = commandLineOf(scene);
    const write = (group: string) =>
      scene.writeConfig({ files: scene.talker(), web: scene.talker({ group }), last: scene.talker({ group: 'old' }) });
    write('old');
    const daemon = await scene.up();
    await untilSettled(daemon);
    const groups = async () => {
      const { json } = await daemon.client.get('/api/actors');
      return (json.actors as { id: string }[]).flatMap(({ id }) => (id.startsWith('group:') ? [id] : []));
    };
    expect(await groups()).toEqual(['group:default', 'group:old']);
    scene.writeConfig({ web: scene.talker({ group: 'web' }) });
    await until('only the new group is there', async () => (await groups()).join() === 'group:web');
    expect((await command('status', '--tree')).stdout).not.toMatch(/group:(default|old)/);
    expect((await daemon.client.get('/api/actors/group:old/snapshot')).json.code).toBe('ACTOR_NOT_FOUND');
    write('new');
    await until('all are connected', async () => {
      const { json } = await daemon.client.get('/api/servers');
      return (json.servers as { state: string }[]).map(({ state }) => state).join() === 'connected,connected,connected';
    });
    expect(await groups()).toEqual(['group:default', 'group:old', 'group:new']);
  });

  it('tells what changes, and ends quietly on Ctrl-C', async () => {
    const { daemon, ...scene } = await openFleet();
    const watching = commandLineOf(scene).stays(['status', '--watch', '--json']);
    const last = () => JSON.parse(watching.stdout().trimEnd().split('\n').at(-1) ?? '{}');
    await until('it is shown', () => watching.stdout() !== '' && last().servers.length === 4);
    await daemon.client.post('/api/servers/files/events', { type: 'server.stop' });
    await until('the change is shown', () => last().servers[0].state === 'idle');
    watching.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });
});

describe('commands for servers', () => {
  it('wait until they are done, one line each', async () => {
    const { daemon, ...scene } = await openFleet();
    const { command } = commandLineOf(scene);
    expect(await command('restart', 'files', 'group:web')).toMatchObject({
      code: 0,
      stdout: 'files: restart is done, it is connected\nweb: restart is done, it is connected\n',
      stderr: '',
    });
    expect((await daemon.client.get('/api/servers/files')).json).toMatchObject({ generation: 2, state: 'connected' });
    expect(await command('stop', '--all')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('grumpy: stop is done, it is idle\n'),
    });
    expect(await command('start', 'files', '--no-wait')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^files: start is accepted, it is \w+\n$/),
    });
  });

  it('end with code 5 if one was rejected, and tell the others’ outcome all the same', async () => {
    const { command, json } = commandLineOf(await openFleet());
    const ending = await command('start', 'files', 'broken');
    expect(ending).toMatchObject({ code: 5, stdout: 'files: start is done, it is connected\n' });
    expect(ending.stderr).toMatch(/^broken: start was rejected: .*no-such-program/);
    expect((await command('retry', 'files')).code).toBe(5);
    expect(await json('start', 'files', 'broken')).toEqual({
      outcomes: [
        { server: 'files', commandId: expect.any(String), outcome: 'done', state: 'connected', lastFailure: null },
        {
          server: 'broken',
          error: expect.objectContaining({ code: 'COMMAND_REJECTED' }),
          state: 'failed',
          lastFailure: expect.objectContaining({ class: 'spawnFailed' }),
        },
      ],
    });
  });

  it('end with code 5 when the time is over', async () => {
    const { daemon: _, ...scene } = await openFleet();
    scene.writeConfig({
      slow: { command: process.execPath, args: ['-e', 'process.stdin.resume()', '--', scene.mark] },
    });
    const { command } = commandLineOf(scene);
    await until('the new server is known', async () => (await command('tools', 'slow')).code === 0);
    expect(await command('restart', 'slow', '--timeout', '1')).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringContaining('has not settled within 1 ms'),
    });
  });

  it('leave what the configuration disables alone, unless it is named', async () => {
    const scene = openScene();
    scene.writeConfig({
      on: scene.talker({ group: 'web' }),
      off: scene.talker({ group: 'web', enabled: false }),
    });
    const daemon = await scene.up();
    await untilSettled(daemon);
    const { command } = commandLineOf(scene);
    const onIsDone = { code: 0, stdout: 'on: start is done, it is connected\n', stderr: '' };
    expect(await command('start', '--all')).toMatchObject(onIsDone);
    expect(await command('start', 'group:web')).toMatchObject(onIsDone);
    expect((await daemon.client.get('/api/servers/off')).json).toMatchObject({ state: 'idle', generation: 0 });
    expect(await command('start', 'off')).toMatchObject({ code: 0, stdout: 'off: start is done, it is connected\n' });
  });

  it('pass over what does not wait, with retry for all', async () => {
    const { command } = commandLineOf(fleet());
    expect(await command('retry', '--all')).toMatchObject({ code: 0, stdout: 'There is no server to retry.\n' });
  });

  it('end with code 4 for nobody, and say who may be meant', async () => {
    const { command } = commandLineOf(fleet());
    const { code, stderr } = await command('restart', 'fils');
    expect(code).toBe(4);
    expect(stderr).toContain('Did you mean files?');
    expect((await command('stop', 'group:wbe')).stderr).toContain('Did you mean group:web?');
    expect((await command('restart', 'group:none')).code).toBe(4);
    const asJson = await command('restart', 'fils', '--json');
    expect(asJson).toMatchObject({ code: 4, stdout: '' });
    expect(JSON.parse(asJson.stderr)).toMatchObject({ code: 'SERVER_NOT_FOUND', server: 'fils' });
    expect(await command('reset', 'files', 'fils', 'web')).toMatchObject({
      code: 4,
      stdout: 'files: reset is done, it is connected\nweb: reset is done, it is connected\n',
      stderr: expect.stringContaining('Did you mean files?'),
    });
  });
});

describe('ensure', () => {
  it('waits until servers are connected, and says which are not, and why', async () => {
    const { command, json } = commandLineOf(await openFleet());
    await command('stop', 'files');
    expect(await command('ensure', 'web', 'files', '--timeout', '0')).toMatchObject({
      code: 5,
      stdout: 'web: connected\n',
      stderr: expect.stringContaining('Server "files" is in "idle"'),
    });
    await command('start', 'files');
    expect(await command('ensure', 'files', 'web')).toMatchObject({
      code: 0,
      stdout: 'files: connected\nweb: connected\n',
      stderr: '',
    });
    expect(await command('ensure', 'web', 'broken')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('no-such-program'),
    });
    expect(await command('ensure', 'web', 'nobody')).toMatchObject({ code: 4, stdout: 'web: connected\n' });
    expect(await json('ensure', 'web')).toEqual({ servers: { web: { connected: true, error: null } } });
  });
});

describe('tools and calls', () => {
  it('shows tools with their arguments', async () => {
    const { command, json } = commandLineOf(fleet());
    expect((await command('tools', 'files')).stdout).toMatch(/^files +echo +text +Gives back its text$/m);
    expect((await command('tools')).stdout).toMatch(/^web +add +a b +Adds two numbers$/m);
    expect(await json('tools', 'files')).toMatchObject({
      tools: expect.arrayContaining([expect.objectContaining({ name: 'echo', exposedName: 'files__echo' })]),
    });
    expect((await command('tools', 'nobody')).code).toBe(4);
  });

  it('prints text as text, and everything as JSON', async () => {
    const { daemon: _, ...scene } = fleet();
    const { command, json, stays } = commandLineOf(scene);
    expect(await command('call', 'files', 'echo', 'text=hello world')).toMatchObject({
      code: 0,
      stdout: 'hello world\n',
      stderr: '',
    });
    expect(await command('call', 'files', 'add', 'a=2', 'b=3')).toMatchObject({ stdout: '5\n' });
    expect(await command('call', 'files', 'add', '{"a": 20, "b": 3}')).toMatchObject({ stdout: '23\n' });
    expect(await stays(['call', 'files', 'add', '-'], { input: '{"a": 1, "b": 1}' }).ended).toMatchObject({
      code: 0,
      stdout: '2\n',
    });
    expect(await json('call', 'files', 'echo', 'text=hi')).toEqual({ content: [{ type: 'text', text: 'hi' }] });
  });

  it('waits for a server that is on its way since the start, in line or starting', async () => {
    const scene = openScene();
    const slow = { command: process.execPath, args: [programOf('slow-start'), '1500', scene.mark] };
    const stuck = { command: process.execPath, args: [programOf('never-answers-initialize'), scene.mark] };
    scene.writeConfig({
      slow,
      stuck,
      third: slow,
      after: scene.talker({ dependsOn: ['stuck'] }),
      broken: { command: join(scene.folder, 'no-such-program') },
    });
    const daemon = await scene.up();
    const { command } = commandLineOf(scene);
    const answers = Promise.all(['slow', 'third'].map((name) => command('call', name, 'echo', `text=${name}`)));
    expect(await command('call', 'after', 'echo', 'text=a')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('idle'),
    });
    expect(await answers).toMatchObject([
      { code: 0, stdout: 'slow\n' },
      { code: 0, stdout: 'third\n' },
    ]);
    expect((await daemon.client.get('/api/servers/stuck')).json).toMatchObject({ state: 'starting' });
    expect(await command('call', 'broken', 'echo')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('failed'),
    });
  });

  it('ends with code 7 if the tool says that it failed', async () => {
    const { command } = commandLineOf(fleet());
    expect(await command('call', 'grumpy', 'echo')).toMatchObject({
      code: 7,
      stdout: '',
      stderr: 'echo does not work\n',
    });
    const asJson = await command('call', 'grumpy', 'echo', '--json');
    expect(asJson.code).toBe(7);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ isError: true });
  });

  it('ends with code 4 for an unknown server or tool, and with 5 when the time is over', async () => {
    const { command } = commandLineOf(fleet());
    expect(await command('call', 'nobody', 'echo')).toMatchObject({ code: 4 });
    expect(await command('call', 'files', 'ecko')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Did you mean echo?'),
    });
    expect(await command('call', 'files', 'sleep', 'ms=600000', '--timeout', '50')).toMatchObject({ code: 5 });
    expect(JSON.parse((await command('call', 'files', 'ecko', '--json')).stderr)).toMatchObject({
      code: 'TOOL_NOT_FOUND',
    });
  });
});

describe('plan, open and a control plane elsewhere', () => {
  it('says what another configuration would do, and does not do it', async () => {
    const { daemon, ...scene } = fleet();
    const { command, json } = commandLineOf(scene);
    const file = join(scene.folder, 'other.json');
    const mcpvisor = {
      groups: { default: { strategy: 'one-for-all' } },
      shutdownMs: 9_000,
      http: { requestsPerSecond: 900 },
    };
    const mcpServers = { files: scene.talker({ lazy: true }), extra: scene.talker() };
    writeFileSync(file, JSON.stringify({ mcpServers, mcpvisor }));
    const { code, stdout } = await command('plan', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^start +extra$/m);
    expect(stdout).toMatch(/^stop +web, grumpy, broken$/m);
    expect(stdout).toMatch(/^groups +default \(policy, without a restart\)$/m);
    expect(stdout).toMatch(/^settings shutdownMs$/m);
    expect(stdout).toMatch(/^settings http\.requestsPerSecond \(at the next start\)$/m);
    expect(await json('plan')).toMatchObject({
      file: join(scene.folder, 'mcp.json'),
      plan: { keep: ['files', 'web', 'grumpy', 'broken'] },
    });
    expect((await daemon.client.get('/api/servers/extra')).status).toBe(404);
    writeFileSync(file, '{"mcpServers": {"a": {}}}');
    expect(await command('plan', file)).toMatchObject({ code: 1, stderr: expect.stringContaining('mcpServers.a') });
  });

  it('prints where the pages are', async () => {
    const { daemon, ...scene } = fleet();
    expect(await commandLineOf(scene).command('open')).toMatchObject({ code: 0, stdout: `${daemon.url}/docs\n` });
  });

  it('is reached by its URL and token, from flags or the environment', async () => {
    const { daemon, run, folder } = fleet();
    const { url, token } = daemon;
    expect(await run(['call', 'files', 'echo', 'text=a', '--url', url, '--token', token]).ended).toMatchObject({
      code: 0,
      stdout: 'a\n',
    });
    expect(
      await run(['call', 'files', 'echo', 'text=b'], { env: { MCPVISOR_URL: url, MCPVISOR_TOKEN: token } }).ended,
    ).toMatchObject({
      code: 0,
      stdout: 'b\n',
    });
    expect(await run(['status', '--url', url]).ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('token'),
    });
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    expect(
      await run(['status', '--state-dir', elsewhere], { env: { MCPVISOR_URL: url, MCPVISOR_TOKEN: token } }).ended,
    ).toMatchObject({ code: 3 });
  });
});

describe('doctor', () => {
  it('finds what is wrong without a control plane', async () => {
    const scene = openScene();
    scene.writeConfig({
      good: scene.talker(),
      bad: { command: 'no-such-program' },
      poor: scene.talker({ env: { A: `$${'{'}NO_SUCH_VARIABLE}` } }),
    });
    const { command, json } = commandLineOf(scene);
    const ending = await command('doctor', '--port', '0');
    expect(ending).toMatchObject({ code: 1, stderr: '' });
    expect(ending.stdout).toMatch(/^ok +node: Node v/m);
    expect(ending.stdout).toMatch(/^ok +server good: /m);
    expect(ending.stdout).toMatch(/^problem +server bad: no-such-program is not in PATH/m);
    expect(ending.stdout).toMatch(/^problem +server poor: .*NO_SUCH_VARIABLE/m);
    expect(await json('doctor', '--port', '0')).toMatchObject({
      findings: expect.arrayContaining([
        { check: 'server bad', level: 'problem', message: expect.any(String), advice: expect.any(String) },
      ]),
    });
  });

  it('knows its own control plane by its port, another program by its name, and what servers offer', async () => {
    const scene = openScene();
    const silent = { command: process.execPath, args: [programOf('speak'), scene.mark], tools: { include: [] } };
    scene.writeConfig({ one: scene.talker(), silent });
    const daemon = await scene.up();
    await untilSettled(daemon);
    const { port } = new URL(daemon.url);
    const { command } = commandLineOf(scene);
    const own = await command('doctor', '--port', port);
    expect(own).toMatchObject({ code: 0, stderr: '' });
    expect(own.stdout).toContain(`${port} is our own control plane's (pid ${daemon.pid})`);
    expect(own.stdout).toMatch(/^warning +server silent: is connected and lists no tool/m);
    const other = await scene.run(['doctor', '--state-dir', join(scene.folder, 'elsewhere'), '--port', port]).ended;
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(new RegExp(`taken by \\w+ \\(pid ${daemon.pid}\\)`));
  });

  it('finds tokens that others may read, and files of one that was killed', async () => {
    const scene = openScene();
    scene.writeConfig({});
    const daemon = await scene.up();
    daemon.kill('SIGKILL');
    await daemon.ended;
    chmodSync(join(scene.stateDir, 'token'), 0o644);
    const { stdout } = await commandLineOf(scene).command('doctor', '--port', '0');
    expect(stdout).toMatch(/^warning +control plane: an earlier control plane left/m);
    expect(stdout).toMatch(/^problem +permissions: others may read .*token$/m);
  });
});

describe('completion', () => {
  it('knows commands, options, servers and tools', async () => {
    const { daemon: _, ...scene } = fleet();
    const env = { MCPVISOR_STATE_DIR: scene.stateDir };
    const found = async (...words: readonly string[]) =>
      (await scene.run(['complete', '--', ...words], { env }).ended).stdout.trim().split('\n');
    expect(await found('st')).toEqual(['status', 'start', 'stop']);
    expect(await found('restart', 'g')).toEqual(['grumpy', 'group:default', 'group:web']);
    expect(await found('call', 'files', 'e')).toEqual(['echo', 'environment', 'exit']);
    expect(await found('status', '--t')).toEqual(['--token', '--tree']);
  });

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { code, stdout } = await openScene().run(['completion', shell]).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('mcpvisor complete --');
  });

  it('is refused for another shell', async () => {
    expect((await openScene().run(['completion', 'csh']).ended).code).toBe(2);
  });
});
