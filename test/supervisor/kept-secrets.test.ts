import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dropSecret, keepSecret, readSecrets } from '../../src/state-directory/secrets-file.ts';
import { createScratchFolder } from '../support/scratch-folder.ts';
import { factsSoFar, openStage } from '../support/supervised.ts';

const use = (name: string) => `\${secret:${name}}`;
/** A server that exits at once unless it is given this. */
const picky = (expected: string) => ({
  command: 'sh',
  args: ['-c', 'test "$KEY" = "$WANTED" || exit 78; exec "$@"', 'sh'],
  env: { WANTED: expected },
});

describe('a server whose secret is not set', () => {
  it('says which, and starts by itself once it is set, with the value as it is', async () => {
    const stage = openStage();
    const stateDir = createScratchFolder();
    const value = `pa$$word-\${HOME}-${use('OTHER')}\n"second line"`;
    const talker = stage.program('speak');
    const entry = {
      ...picky(value),
      args: [...picky(value).args, talker.command, ...(talker.args as string[])],
      env: { WANTED: value.replaceAll('${', () => '$${'), KEY: use('GITHUB') },
      stop: talker.stop,
    };
    const supervisor = await stage.open({ a: entry }, {}, { stateDir });
    await supervisor.ready();
    const { state, lastFailure, alarms } = supervisor.status('a');
    expect([state, lastFailure?.class, lastFailure?.code]).toEqual(['failed', 'misconfigured', 'SECRET_MISSING']);
    expect(lastFailure?.message).toContain('needs the secret GITHUB, which is not set (mcpvisor secret set GITHUB,');
    expect(alarms).toMatchObject([{ alarm: 'secret-missing', reason: lastFailure?.message }]);
    await keepSecret(stateDir, 'GITHUB', value);
    await expect.poll(() => supervisor.status('a').state, { timeout: 20_000 }).toBe('connected');
    expect(supervisor.status('a').alarms).toEqual([]);
    await dropSecret(stateDir, 'GITHUB');
    await expect(supervisor.send('a', { type: 'server.restart' })).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
    expect(supervisor.status('a').state, 'although it has worked').toBe('failed');
    const told = JSON.stringify(await factsSoFar(supervisor));
    expect(told).not.toContain('pa$$word');
  });

  it('starts with what the configuration says, if that names the secret, too', async () => {
    const stage = openStage();
    const stateDir = createScratchFolder();
    await keepSecret(stateDir, 'TOKEN', 'kept-value');
    const { command, args, stop } = stage.program('speak') as { command: string; args: string[]; stop: object };
    const { env, ...shell } = picky('configured-value');
    const entry = { ...shell, args: [...shell.args, command, ...args], env: { ...env, KEY: use('TOKEN') }, stop };
    const supervisor = await stage.open({ a: entry }, { secrets: { TOKEN: 'configured-value' } }, { stateDir });
    await supervisor.ready();
    expect(supervisor.status('a').state).toBe('connected');
    const warned = (await factsSoFar(supervisor)).flatMap((fact) =>
      fact.type === 'config.warned' ? fact.problems : [],
    );
    expect(warned).toContainEqual(
      expect.stringMatching(/mcpvisor\.secrets\.TOKEN: .*mcpvisor secret set.*the configuration wins/),
    );
  });
});

describe('the file of secrets', () => {
  it('keeps them by any name, for its owner alone', async () => {
    const stateDir = createScratchFolder();
    const names = ['A', 'constructor', 'a.b-c_d', '1'];
    for (const name of names) await keepSecret(stateDir, name, `of ${name}`);
    await keepSecret(stateDir, 'A', 'another');
    expect([...(readSecrets(stateDir).value ?? [])]).toEqual([
      ['A', 'another'],
      ...names.slice(1).map((name) => [name, `of ${name}`]),
    ]);
    expect(statSync(join(stateDir, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(await dropSecret(stateDir, 'constructor')).toBe(true);
    expect(await dropSecret(stateDir, 'constructor')).toBe(false);
  });

  it('loses none that several commands set at the same moment', async () => {
    const stateDir = createScratchFolder();
    const names = Array.from({ length: 10 }, (_, index) => `S${index}`);
    await Promise.all(names.map((name) => keepSecret(stateDir, name, name)));
    expect([...(readSecrets(stateDir).value?.keys() ?? [])].sort()).toEqual(names);
  });

  it.each<readonly [string, (path: string) => void]>([
    ['damaged', (path) => writeFileSync(path, '{"secrets": [["A", "1"]')],
    ['another', (path) => writeFileSync(path, '{"A": "1"}')],
    ['a folder', (path) => mkdirSync(path)],
    [
      'a link',
      (path) => {
        const elsewhere = join(createScratchFolder(), 'secrets.json');
        writeFileSync(elsewhere, '{"secrets": [["A", "1"]]}');
        symlinkSync(elsewhere, path);
      },
    ],
  ])('that is %s is told, gives nothing, and is left alone', async (_, make) => {
    const stateDir = createScratchFolder();
    const path = join(stateDir, 'secrets.json');
    make(path);
    const refusal = { code: 'STATE_DIRECTORY_UNUSABLE', message: expect.stringContaining(path) };
    await expect(keepSecret(stateDir, 'B', '2')).rejects.toMatchObject(refusal);
    await expect(dropSecret(stateDir, 'A')).rejects.toMatchObject(refusal);
    const stage = openStage();
    const supervisor = await stage.open({ a: { command: 'x', env: { A: use('A') } } }, {}, { stateDir });
    await supervisor.ready();
    expect(supervisor.status('a').lastFailure?.code).toBe('SECRET_MISSING');
    expect(supervisor.status().alarms.map(({ alarm }) => alarm)).toContain('state-directory');
    if (statSync(path).isFile()) expect(readFileSync(path, 'utf8')).toContain('"1"');
  });
});
