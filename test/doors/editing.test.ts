import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene } from '../support/doors/daemon.ts';

const text = `{
  // Ours.
  "mcpServers": {
    "off": {"command": "no-such-program", "disabled": true}, // not now
  },
  "other": {"kept": [1, 2]}
}
`;

describe('servers that are added and removed without a control plane', () => {
  it('stand in the file, whose comments stay, and that is said', async () => {
    const scene = openScene();
    const { command } = commandLineOf(scene);
    const file = join(scene.folder, 'mcp.json');
    writeFileSync(file, text);
    const words = ['notes', '--env', 'NOTES=./notes', '--', 'node', 'notes.mjs', '--all'];
    const added = await command('add', ...words);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toBe(
      `notes is added\nNo control plane runs: ${file} was edited, and holds from the next "mcpvisor up" on.\n`,
    );
    const entry = '{"command": "node", "args": ["notes.mjs", "--all"], "env": {"NOTES": "./notes"}}';
    const more = text.replace('// not now\n', `// not now\n    "notes": ${entry},\n`);
    expect(readFileSync(file, 'utf8')).toBe(more);
    const pasted = '"far": {"url": "http://127.0.0.1:1/mcp"}, "notes": {"command": "x"}, "bad": {"command": 7}';
    const partly = await scene.run(['add', '-', '--json', '--state-dir', scene.stateDir], { input: pasted }).ended;
    expect(partly.code).toBe(1);
    expect(JSON.parse(partly.stdout)).toMatchObject({
      file,
      version: null,
      plan: { start: ['far'] },
      results: [
        { name: 'far', outcome: 'added' },
        { name: 'notes', outcome: 'refused', problems: [{ message: 'is there already' }] },
        { name: 'bad', outcome: 'refused', problems: [{ path: 'mcpServers.bad.command' }] },
      ],
    });
    expect(await command('remove', 'far', 'nobody')).toMatchObject({ code: 4, stdout: '' });
    expect(await command('remove', 'far', 'notes')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(text);
    writeFileSync(file, text.replace('"other":', '"other"'));
    expect(await command('add', ...words)).toMatchObject({ code: 1, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(text.replace('"other":', '"other"'));
  });

  it('are refused with words that say what to write', async () => {
    const { command } = commandLineOf(openScene());
    for (const words of [
      ['a'],
      ['a', '--url', 'http://x', '--', 'y'],
      ['a', '--env', 'X', '--', 'y'],
      ['a', '--header', 'A: b', '--', 'y'],
    ])
      expect(await command('add', ...words)).toMatchObject({ code: 2, stdout: '' });
    expect(await command('add', 'a', '--stored', '--', 'y')).toMatchObject({ code: 3 });
    expect(await command('versions')).toMatchObject({ code: 3 });
  });
});

describe('servers that are added and removed through a control plane', () => {
  it('go to the file or the store, and back by their versions', async () => {
    const scene = openScene();
    const { command, json } = commandLineOf(scene);
    const file = join(scene.folder, 'mcp.json');
    writeFileSync(file, text);
    await scene.up();
    const first = (await json('status')) as { readonly configVersion: number };
    const added = await command('add', 'notes', '--url', 'http://127.0.0.1:1/mcp', '--header', 'X-A: secret-a');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('notes is added\n');
    expect(readFileSync(file, 'utf8')).toContain('"headers": {"X-A": "secret-a"}},\n  },\n  "other"');
    expect(await command('add', 'kept', '--stored', '--url', 'http://127.0.0.1:2/mcp')).toMatchObject({ code: 0 });
    const page = await command('versions', '--json', '--tail', '2');
    expect(page.stdout).not.toContain('secret-a');
    expect(JSON.parse(page.stdout)).toMatchObject({
      versions: [
        { by: 'token', changes: [{ source: 'store', server: 'kept' }] },
        { by: 'token', changes: [{ source: 'file', server: 'notes' }] },
      ],
    });
    expect((await command('versions')).stdout).toMatch(/^VERSION +AT +BY +WHERE +WHAT\n/);
    expect(await command('rollback', '999')).toMatchObject({ stdout: '' });
    expect(await command('rollback', String(first.configVersion))).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(text);
    const { servers } = (await json('status')) as { readonly servers: readonly { readonly name: string }[] };
    expect(servers.map(({ name }) => name)).toEqual(['off']);
    expect(await command('remove', 'off')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).not.toContain('no-such-program');
  });
});
