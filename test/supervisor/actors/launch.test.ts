import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseEntries } from '../../../src/config/parse.ts';
import { toLine } from '../../../src/errors.ts';
import { createLaunch, type LaunchParts } from '../../../src/supervisor/actors/session/launch.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

const ca = rootCertificates[0] ?? '';

function launched(entry: object, more: Partial<LaunchParts> = {}) {
  const folder = createScratchFolder();
  writeFileSync(join(folder, 'ca.pem'), ca);
  const { config, problems } = parseEntries({ mcpServers: { a: entry } }, { folder, hostedTransports: ['pigeon'] });
  const specification = config?.servers.get('a');
  if (specification === undefined) throw new Error(problems.map(toLine).join('\n'));
  const env = { PATH: '/bin', HOME: '/home/me', OTHER: 'not for children', TOKEN: 'canary-1f7a' };
  const origin = () => ({ folder, secrets: new Map([['KEY', 'canary-22c9']]) });
  return createLaunch({ env, stateDir: null, origin, keptSecret: () => undefined, hasFetch: false, ...more })(
    specification,
  );
}

describe('what a session is opened with', () => {
  it.each<readonly [string, object, Partial<LaunchParts>, object]>([
    [
      'a process, with all of its environment',
      { command: 'server', args: ['--key', `\${secret:KEY}`], env: { KEY: `\${TOKEN}` }, cwd: '/srv' },
      {},
      {
        kind: 'stdio',
        command: 'server',
        args: ['--key', 'canary-22c9'],
        env: { PATH: '/bin', HOME: '/home/me', KEY: 'canary-1f7a' },
        cwd: '/srv',
      },
    ],
    [
      'a remote server, with its certificates as text',
      { url: `https://h/mcp?\${TOKEN}`, headers: { authorization: `Bearer \${secret:KEY}` }, tls: { ca: 'ca.pem' } },
      {},
      {
        kind: 'remote',
        transport: 'auto',
        url: 'https://h/mcp?canary-1f7a',
        headers: { authorization: 'Bearer canary-22c9' },
        ca,
        fetch: 'own',
        authProvider: null,
      },
    ],
    [
      'a remote server, with the proxy that our environment names',
      { url: 'https://h/mcp' },
      { env: { HTTPS_PROXY: 'http://me:canary-77ab@proxy:3128' } },
      { kind: 'remote', proxy: { url: 'http://me:canary-77ab@proxy:3128', from: 'HTTPS_PROXY' } },
    ],
    [
      'a remote server, with a proxy of its own',
      { url: 'https://h/mcp', proxy: `http://\${TOKEN}@proxy:3128` },
      {},
      { kind: 'remote', proxy: { url: 'http://canary-1f7a@proxy:3128', from: 'the setting "proxy"' } },
    ],
    [
      'a remote server through parts of the host, by name',
      { url: 'https://h/mcp', authProvider: 'mine' },
      { hasFetch: true },
      {
        kind: 'remote',
        transport: 'auto',
        url: 'https://h/mcp',
        headers: {},
        ca: null,
        fetch: 'host',
        authProvider: 'mine',
      },
    ],
    [
      "the host's own transport, by name",
      { transport: 'pigeon', loft: 7 },
      {},
      { kind: 'hosted', transport: 'pigeon', entry: { transport: 'pigeon', loft: 7 } },
    ],
  ])('is %s, and all of it is plain data', (_what, entry, more, target) => {
    const result = launched({ ...entry, callTimeoutMs: 1_234, maxConcurrentCalls: 3 }, more);
    if ('failure' in result) throw new Error(result.failure.message);
    const { specification, secrets } = result;
    expect(specification.target).toMatchObject(target);
    expect(specification.limits).toEqual({
      callTimeoutMs: 1_234,
      callMaxMs: 600_000,
      maxConcurrentCalls: 3,
      maxQueuedCalls: 1_024,
    });
    expect(specification.secrets).toBe(secrets);
    expect(JSON.parse(JSON.stringify(specification))).toStrictEqual(specification);
  });

  it('knows its secrets, also when it cannot be expanded', () => {
    const { secrets } = launched({ command: 'x', env: { A: `\${TOKEN}` }, args: [`\${secret:KEY}`] });
    expect(secrets).toEqual(expect.arrayContaining(['canary-1f7a', 'canary-22c9']));
    const result = launched({ command: 'x', args: [`\${TOKEN}`, `\${NOBODY}`, `\${NOTHING}`] });
    expect(result).toMatchObject({
      secrets: expect.arrayContaining(['canary-1f7a']),
      failure: { class: 'misconfigured', phase: 'spawning' },
    });
    const { message } = 'failure' in result ? result.failure : { message: '' };
    expect(message).toContain('NOBODY');
    expect(message).toContain('NOTHING');
  });

  it('is a failure of ours when there is a bug in the making of it', () => {
    const origin = () => {
      throw new Error('no such thing');
    };
    expect(launched({ command: 'x' }, { origin })).toEqual({
      secrets: [],
      failure: expect.objectContaining({ class: 'internal', message: 'A bug in mcpvisor: no such thing' }),
    });
  });
});
