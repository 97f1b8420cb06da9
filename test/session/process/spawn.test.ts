import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { spawnServer } from '../../../src/session/process/spawn.ts';

describe('the arguments of a server', () => {
  it('reach it as they are written: no shell reads them', async () => {
    const written = ['$(echo run)', '`echo run`', '; echo run', '*', '$HOME', '~', "it's", '"a"', '', 'a\nb', '\\'];
    const program = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const args = ['-e', program, '--', ...written];
    const child = spawnServer({ command: process.execPath, args, env: {}, cwd: tmpdir() });
    expect(JSON.parse(await text(child.stdout))).toEqual(written);
  });
});
