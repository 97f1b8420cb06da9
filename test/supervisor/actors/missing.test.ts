import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { createSkippingClock } from '../../support/skipping-clock.ts';
import { errorOf, openStage, untilState } from '../../support/supervised.ts';

interface Program {
  readonly args: readonly string[];
}

/** A server that cannot be spawned until `appear` has been called. */
interface Missing {
  readonly entry: (program: Program) => Readonly<Record<string, unknown>>;
  readonly appear: () => void;
}

const missing = {
  'a command in PATH': (folder: string) => ({
    entry: ({ args }: Program) => ({ command: 'its-own-node', args, env: { PATH: `/no/such/folder:${folder}` } }),
    appear: () => symlinkSync(process.execPath, join(folder, 'its-own-node')),
  }),
  'a command with a path': (folder: string) => ({
    entry: ({ args }: Program) => ({ command: join(folder, 'node'), args }),
    appear: () => symlinkSync(process.execPath, join(folder, 'node')),
  }),
  'a command that may not be executed yet': (folder: string) => {
    const file = join(folder, 'node');
    copyFileSync('/bin/sh', file);
    chmodSync(file, 0o644);
    return {
      entry: ({ args }: Program) => ({ command: file, args: ['-c', 'exec "$0" "$@"', process.execPath, ...args] }),
      appear: () => chmodSync(file, 0o755),
    };
  },
  'the interpreter of a script': (folder: string) => {
    const script = join(folder, 'script');
    writeFileSync(script, `#!${join(folder, 'shell')}\nexec "$@"\n`, { mode: 0o755 });
    return {
      entry: ({ args }: Program) => ({ command: script, args: [process.execPath, ...args] }),
      appear: () => symlinkSync('/bin/sh', join(folder, 'shell')),
    };
  },
  'the working folder': (folder: string) => ({
    entry: ({ args }: Program) => ({ command: process.execPath, args, cwd: join(folder, 'below') }),
    appear: () => mkdirSync(join(folder, 'below')),
  }),
  'a working folder that is a file': (folder: string) => {
    writeFileSync(join(folder, 'file'), '');
    return {
      entry: ({ args }: Program) => ({ command: process.execPath, args, cwd: join(folder, 'file', 'below') }),
      appear: () => {
        // Another entry would be needed; this one stays as it is.
      },
    };
  },
} satisfies Record<string, (folder: string) => Missing>;

const names = Object.keys(missing) as (keyof typeof missing)[];

async function openMissing(name: keyof typeof missing) {
  const { entry, appear }: Missing = missing[name](createScratchFolder());
  const clock = createSkippingClock();
  const stage = openStage();
  const program = stage.program('slow-start', {}, ['0']) as unknown as Program;
  const supervisor = await stage.open({ a: entry(program) }, {}, { clock });
  await supervisor.ready();
  return { supervisor, clock, appear };
}

const comes = names.filter((name) => name !== 'a working folder that is a file');

describe('a server that cannot be spawned because something is missing', () => {
  it.each(comes)('starts by itself once it is there: %s', async (name) => {
    const { supervisor, clock, appear } = await openMissing(name);
    expect(supervisor.status('a')).toMatchObject({
      state: 'failed',
      generation: 1,
      lastFailure: { class: 'spawnFailed' },
      alarms: [{ alarm: 'no-command', reason: expect.stringContaining('every 30 s') }],
    });
    clock.skip(30_000);
    clock.skip(30_000);
    expect(supervisor.status('a')).toMatchObject({ state: 'failed', generation: 1 });
    const connected = untilState(supervisor, 'a', 'connected');
    appear();
    clock.skip(30_000);
    await connected;
    expect(supervisor.status('a')).toMatchObject({ generation: 2, attempt: 0, alarms: [] });
  });

  it('stays as it is while it is missing, and until a person stops it', async () => {
    const { supervisor, clock } = await openMissing('a working folder that is a file');
    const started = errorOf(untilState(supervisor, 'a', 'starting', { withinMs: 1_000 }));
    for (let look = 0; look < 5; look += 1) clock.skip(30_000);
    expect(await started).toBeDefined();
    expect(supervisor.status('a')).toMatchObject({ state: 'failed', generation: 1 });
    await supervisor.send('a', { type: 'server.stop' });
    expect(supervisor.status('a')).toMatchObject({ state: 'idle', wanted: 'down', alarms: [] });
    expect(supervisor.snapshot('a').timers).toEqual([]);
  });
});
