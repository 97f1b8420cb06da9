import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '../support/doors/client.ts';
import { openScene, type Scene } from '../support/doors/daemon.ts';
import { until } from '../support/processes.ts';

/** Files this process may have open; each connection of ours is one. */
function openFilesLimit(): number {
  return Number(/Max open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1_024);
}

/** A self-signed certificate for 127.0.0.1 in the folder of the scene. */
function makeCertificate({ folder }: Scene): {
  readonly tls: { certFile: string; keyFile: string };
  readonly ca: string;
} {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const made = spawnSync('openssl', ['req', '-x509', '-nodes', '-days', '2', ...curve, ...files, ...subject], {
    cwd: folder,
  });
  expect(made.status).toBe(0);
  return { tls: { certFile: 'cert.pem', keyFile: 'key.pem' }, ca: readFileSync(join(folder, 'cert.pem'), 'utf8') };
}

function tlsStatus(url: string, { ca, token }: { ca: string; token: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = tlsRequest(url, { ca, agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('an address that other machines can reach', () => {
  it('is served over TLS with the files of the configuration', async () => {
    const scene = openScene();
    const { tls, ca } = makeCertificate(scene);
    scene.writeConfig({}, { http: { tls } });
    const { url, token } = await scene.up({ args: ['--host', '0.0.0.0'] });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(await tlsStatus(`${url}/api/servers`, { ca, token })).toBe(200);
    expect(await tlsStatus(`${url}/api/servers`, { ca, token: `${token}x` })).toBe(401);
    // A client that does not encrypt is not answered.
    await expect(createClient(url.replace('https', 'http'), token).get('/healthz')).rejects.toThrow();
    expect(await tlsStatus(`${url}/healthz`, { ca, token: 'none' })).toBe(200);
  });

  it('is refused with files that are no certificate with its key, and says which setting', async () => {
    const scene = openScene();
    const { tls } = makeCertificate(scene);
    writeFileSync(join(scene.folder, 'key.pem'), 'no key at all');
    scene.writeConfig({}, { http: { tls } });
    const ending = await scene.run(['up', '--state-dir', scene.stateDir, '--port', '0', '--host', '0.0.0.0']).ended;
    expect(ending).toMatchObject({ code: 2, stdout: '' });
    expect(ending.stderr).toContain('mcpvisor.http.tls');
    expect(ending.stderr).not.toContain('no key at all');
    rmSync(join(scene.folder, 'key.pem'));
    const without = await scene.run(['up', '--state-dir', scene.stateDir, '--port', '0', '--host', '0.0.0.0']).ended;
    expect(without).toMatchObject({ code: 2, stdout: '' });
    expect(without.stderr).toContain('key.pem cannot be read (ENOENT)');
  });
});

const scopes = ['mcp', 'read', 'operate', 'admin'] as const;

describe('tokens of files', () => {
  it('allow what their scope says, commands carry their names, and no answer has a secret', async () => {
    const scene = openScene();
    const canaries = ['canary-of-the-environment', 'canary-of-a-header', 'canary-of-an-argument'];
    const [variable = '', header = '', argument = ''] = canaries;
    const values = scopes.map((scope) => `a-canary-token-for-${scope}`);
    for (const [index, scope] of scopes.entries()) {
      writeFileSync(join(scene.folder, `${scope}.token`), `${values[index]}\n`);
      chmodSync(join(scene.folder, `${scope}.token`), 0o600);
    }
    const { args } = scene.talker() as { readonly args: readonly string[] };
    scene.writeConfig(
      {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own notation
        one: scene.talker({ args: [...args, '${CANARY}'], env: { API_KEY: variable } }),
        far: { url: 'http://127.0.0.1:9/mcp', headers: { 'x-key': header }, restart: { maxConsecutive: 1 } },
      },
      { http: { tokens: scopes.map((scope) => ({ name: `the-${scope}-program`, scope, file: `${scope}.token` })) } },
    );
    const daemon = await scene.up({ env: { CANARY: argument } });
    const by = (scope: (typeof scopes)[number]) => createClient(daemon.url, `a-canary-token-for-${scope}`);
    await until(
      'one is connected',
      async () => (await daemon.client.get('/api/servers/one')).json.state === 'connected',
    );
    const start = { type: 'server.start' };
    const statuses = await Promise.all(
      scopes.map(async (scope) => [
        (await by(scope).get('/api/servers')).status,
        (await by(scope).post('/api/servers/one/events', start)).status,
        (await by(scope).get('/api/nothing')).status,
      ]),
    );
    expect(statuses).toEqual([
      [403, 403, 404],
      [200, 403, 404],
      [200, 202, 404],
      [200, 202, 404],
    ]);
    expect((await by('operate').post('/api/shutdown', {})).json.code).toBe('FORBIDDEN_SCOPE');
    const own = readFileSync(join(scene.stateDir, 'mcp-token'), 'utf8').trim();
    expect((await createClient(daemon.url, own).get('/api/servers')).json.code).toBe('FORBIDDEN_SCOPE');
    await by('admin').post('/api/servers/one/tools/complain/call', {
      arguments: { text: `my key is ${variable}, ${argument}` },
    });
    const accepted = (await daemon.client.get('/api/journal?type=command.accepted')).json.facts as readonly {
      by: string;
    }[];
    expect(accepted.map((one) => one.by)).toEqual(expect.arrayContaining(['the-operate-program', 'the-admin-program']));
    await until('what it wrote is kept', async () =>
      (await daemon.client.get('/api/servers/one/logs')).text.includes('my key is'),
    );
    const server = ['', '/snapshot', '/logs', '/tools'].flatMap((end) => [
      `/api/servers/one${end}`,
      `/api/servers/far${end}`,
    ]);
    const all = [
      '/api/status',
      '/api/servers',
      '/api/tools',
      '/api/actors',
      '/api/journal',
      '/api/machines/server',
      '/openapi.json',
      '/docs',
      '/metrics',
    ];
    const answers = await Promise.all(
      [...server, ...all, '/healthz', '/readyz'].map(async (path) => (await daemon.client.get(path)).text),
    );
    const said = [...answers, daemon.stdout(), daemon.stderr()].join('\n');
    for (const secret of [...canaries, ...values, daemon.token, own]) expect(said).not.toContain(secret);
  });
});

describe('a control plane behind a reverse proxy', () => {
  it('is reached below its base path under the name of the proxy, and by no other name', async () => {
    const scene = openScene();
    scene.writeConfig({}, { http: { basePath: '/tools/mcpvisor', allowedHosts: ['proxy.example'] } });
    const { url, client, token } = await scene.up();
    expect(url).toMatch(/\/tools\/mcpvisor$/);
    const proxied = {
      headers: { host: 'proxy.example', origin: 'https://proxy.example', 'x-forwarded-proto': 'https' },
    };
    expect((await client.get('/api/servers', proxied)).status).toBe(200);
    expect((await client.get('/openapi.json', proxied)).json.servers).toEqual([{ url: '/tools/mcpvisor' }]);
    expect((await client.get('/api/servers', { headers: { host: 'other.example' } })).json.code).toBe('FORBIDDEN_HOST');
    expect(
      (await client.get('/api/servers', { headers: { host: 'proxy.example', origin: 'https://evil.example' } })).json
        .code,
    ).toBe('FORBIDDEN_ORIGIN');
    // A probe of the cluster knows the address of the machine at most.
    expect((await createClient(url, null).get('/healthz', { headers: { host: '10.1.2.3:4780' } })).status).toBe(200);
    const root = createClient(new URL(url).origin, token);
    expect([(await root.get('/api/servers')).status, (await root.get('/healthz')).status]).toEqual([404, 404]);
  });
});

describe('thousands of connections that say nothing', () => {
  it('are taken up to the limit and closed beyond it, while open ones and health checks are answered', {
    timeout: 180_000,
  }, async () => {
    const scene = openScene();
    const count = Math.min(10_000, openFilesLimit() - 1_000);
    const most = Math.min(4_096, Math.floor(count / 2));
    scene.writeConfig({}, { http: { maxConnections: most, headersTimeoutMs: 120_000 } });
    const daemon = await scene.up();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets: Socket[] = [];
    onTestFinished(() => {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
    });
    const lives = () => statusOver(agent, `${daemon.url}/healthz`);
    const fresh = createClient(daemon.url, daemon.token);
    const { port } = new URL(daemon.url);
    let ended = 0;
    const knock = () =>
      new Promise<void>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', resolve);
        socket.on('error', () => resolve());
        socket.on('close', () => {
          ended += 1;
        });
        socket.resume();
        sockets.push(socket);
      });
    expect(await lives()).toBe(200);
    while (sockets.length < count) {
      await Promise.all(Array.from({ length: Math.min(250, count - sockets.length) }, knock));
      expect(await lives()).toBe(200);
      expect((await fresh.get('/healthz')).status).toBe(200);
    }
    expect([(await fresh.get('/healthz')).headers.connection, (await fresh.get('/readyz')).status]).toEqual([
      'close',
      200,
    ]);
    await expect(fresh.get('/api/servers')).rejects.toThrow(/socket hang up|ECONNRESET/);
    // One gave its place to those who asked for the health.
    const beyond = count - (most - 1) + 1;
    await until('those beyond the limit are closed', () => ended >= beyond);
    expect(await lives()).toBe(200);
    expect(ended).toBe(beyond);
    for (const socket of sockets) socket.destroy();
    await until('there is room again', async () => {
      const fresh = await createClient(daemon.url, null)
        .get('/healthz')
        .catch(() => null);
      return fresh?.status === 200;
    });
    expect(daemon.stdout()).not.toContain('A bug in mcpvisor');
    daemon.kill('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

/** The status of an answer over a connection that is kept. */
function statusOver(agent: Agent, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', reject);
    asked.end();
  });
}
