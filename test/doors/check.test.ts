import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScene } from '../support/doors/daemon.ts';

describe('checking a configuration', () => {
  it('says what it would start, and starts nothing', async () => {
    const scene = openScene();
    const file = scene.writeConfig({ one: scene.talker(), two: scene.talker({ enabled: false }) });
    const ending = await scene.run(['check']).ended;
    expect(ending).toMatchObject({ code: 0, stderr: '' });
    expect(ending.stdout).toContain(`${file} is valid.`);
    expect(ending.stdout).toMatch(/start +one/);
    expect(existsSync(scene.stateDir)).toBe(false);
  });

  it('lists every problem, with its place', async () => {
    const scene = openScene();
    scene.writeConfig({ one: { command: 7 }, two: { url: 'ftp://x' } });
    const ending = await scene.run(['check']).ended;
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toMatch(/^error: line 1, column \d+: mcpServers\.one\.command/m);
    expect(ending.stderr).toMatch(/^error: line 1, column \d+: mcpServers\.two\.url/m);
  });

  it('answers programs in JSON', async () => {
    const scene = openScene();
    const file = scene.writeConfig({ one: scene.talker() });
    expect(JSON.parse((await scene.run(['check', '--json']).ended).stdout)).toMatchObject({
      file,
      plan: { start: ['one'], stop: [], warnings: [] },
    });
    scene.writeConfig({ one: { command: 7 } });
    const ending = await scene.run(['check', '--json']).ended;
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(JSON.parse(ending.stderr)).toMatchObject({
      code: 'CONFIG_INVALID',
      file,
      problems: [{ path: 'mcpServers.one.command', severity: 'error' }],
    });
  });

  it('takes the file it is given', async () => {
    const scene = openScene();
    writeFileSync(
      join(scene.folder, 'other.json'),
      '{"mcpServers": {"x": {"command": "y"}} // the rest is a comment\n}',
    );
    expect(await scene.run(['check', 'other.json']).ended).toMatchObject({ code: 0 });
    expect(await scene.run(['check'], { env: { MCPVISOR_CONFIG: 'other.json' } }).ended).toMatchObject({ code: 0 });
  });

  it('does not take another one in the place of the nearest, which cannot be looked at', async () => {
    const scene = openScene();
    const folder = join(scene.folder, 'xdg/mcpvisor');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mcp.json'), '{"mcpServers": {}}');
    symlinkSync('mcp.json', join(scene.folder, 'mcp.json'));
    const ending = await scene.run(['check'], { env: { XDG_CONFIG_HOME: join(scene.folder, 'xdg') } }).ended;
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toContain(`${join(scene.folder, 'mcp.json')} cannot be read: ELOOP`);
  });

  it('finds the one in the configuration directory of the user', async () => {
    const scene = openScene();
    const folder = join(scene.folder, 'xdg/mcpvisor');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mcp.json'), '{"mcpServers": {}}');
    const ending = await scene.run(['check'], { env: { XDG_CONFIG_HOME: join(scene.folder, 'xdg') } }).ended;
    expect(ending).toMatchObject({ code: 0 });
    expect(ending.stdout).toContain(join(folder, 'mcp.json'));
  });

  it('says where it looked when there is none', async () => {
    const scene = openScene();
    const ending = await scene.run(['check']).ended;
    expect(ending.code).toBe(1);
    expect(ending.stderr).toContain(join(scene.folder, 'mcp.json'));
  });
});

describe('asking for help', () => {
  it.each([['--help'], ['up', '--help'], ['check', '--help']])('is answered with examples: %s %s', async (...args) => {
    const scene = openScene();
    const ending = await scene.run(args).ended;
    expect(ending).toMatchObject({ code: 0, stderr: '' });
    expect(ending.stdout).toContain('Examples:');
  });

  it('is answered with the version', async () => {
    const scene = openScene();
    expect(await scene.run(['--version']).ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it.each([
    [['upp'], 'Did you mean up?'],
    [['check', '--jsn'], 'Did you mean --json?'],
    [[], 'Usage:'],
  ])('is offered where the words make no sense: %j', async (args, expected) => {
    const scene = openScene();
    const ending = await scene.run(args).ended;
    expect(ending).toMatchObject({ code: 2, stdout: '' });
    expect(ending.stderr).toContain(expected);
  });
});
