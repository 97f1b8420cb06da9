import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMark, isRunning, pidsMarked, until, untilNoneMarked } from '../../support/processes.ts';
import { openStage } from '../../support/supervised.ts';
import { openLink } from './open-link.ts';

const bootId = '/proc/sys/kernel/random/boot_id';
const { readFileSync } = fs;

/** As in a sandbox that hides `/proc/sys`. Asked for once per process, so nothing here may have asked before. */
beforeAll(() => {
  fs.readFileSync = ((path: fs.PathOrFileDescriptor, ...rest: readonly []) =>
    readFileSync(path === bootId ? `${bootId}-that-is-hidden` : path, ...rest)) as typeof readFileSync;
  syncBuiltinESMExports();
});

afterAll(() => {
  fs.readFileSync = readFileSync;
  syncBuiltinESMExports();
});

describe.runIf(process.platform === 'linux')('a server that is spawned where nobody can say since when', () => {
  it('is ended with its whole group, and the failure says what could not be done', async () => {
    await using opened = openLink('forks-a-grandchild');
    await expect(opened.link.transport.start()).rejects.toThrow(bootId);
    const { failure } = await opened.heard('ended');
    expect(failure).toMatchObject({ class: 'internal', phase: 'spawning', code: 'ENOENT', signal: 'SIGKILL' });
    expect(failure?.message).toContain('could not be put on record');
    expect(failure?.message).toContain(bootId);
    expect(failure?.message).not.toContain('PATH');
    await untilNoneMarked(opened.mark);
    expect(opened.registry.list()).toEqual([]);
    expect(opened.guarded.size).toBe(0);
    expect(opened.news.map(({ type }) => type)).toEqual(['failed', 'gone', 'ended']);
  });

  it('leaves nothing behind its supervisor', async () => {
    const mark = createMark();
    const entry = { command: 'sh', args: ['-c', 'sleep 98765; true', mark], restart: { maxConsecutive: 1 } };
    const supervisor = await openStage().open({ a: entry });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({
      state: 'failed',
      lastFailure: { class: 'internal', message: expect.stringContaining('could not be put on record') },
    });
    await until('its group is gone', () => pidsMarked(mark).every((pid) => !isRunning(pid)));
    await supervisor.close();
    expect(pidsMarked(mark)).toEqual([]);
  });
});
