import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { commandLineOf } from '../support/doors/command-line.ts';
import { openScene } from '../support/doors/daemon.ts';
import { openMuteServer } from '../support/doors/mute-server.ts';
import { until } from '../support/processes.ts';

describe.concurrent('logs of a server', () => {
  it('are its lines, and with -f those to come, until Ctrl-C', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    await scene.up();
    const { command, json, stays } = commandLineOf(scene);
    const complain = async (text: string) =>
      expect((await command('call', 'one', 'complain', `text=${text}`)).code).toBe(0);
    await complain('first');
    await until('the line is kept', async () => (await command('logs', 'one')).stdout.includes('first'));
    expect((await command('logs', 'one')).stdout).toMatch(/^\d{4}-\S+Z first$/m);
    expect(await json('logs', 'one', '--tail', '1')).toEqual({
      lines: [{ at: expect.any(String), stream: 'stderr', text: 'first' }],
    });
    const following = stays(['logs', 'one', '-f', '--tail', '1']);
    await until('the past is shown', () => following.stdout().includes('first'));
    await complain('second');
    await until('what comes is shown', () => following.stdout().includes('second'));
    following.kill('SIGINT');
    expect(await following.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(await command('logs', 'nobody', '-f')).toMatchObject({ code: 4 });
    expect(await command('logs', 'one', '--tail', 'x')).toMatchObject({ code: 2 });
  });
});

describe.concurrent('events', () => {
  it('are the facts, filtered', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker(), two: scene.talker() });
    await scene.up();
    const { command, json } = commandLineOf(scene);
    await until(
      'both are connected',
      async () => (await command('events', '--type', 'session.opened')).stdout.trim().split('\n').length === 2,
    );
    const ofOne = (await command('events', '--actor', 'server:one')).stdout.trim().split('\n');
    const misspelt = await command('events', '--actor', 'server:oen');
    expect(misspelt).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('Did you mean server:one?'),
    });
    expect(ofOne.every((line) => / server:one /.test(line))).toBe(true);
    expect(await json('events', '--type', 'session.opened', '--tail', '1')).toEqual({
      facts: [expect.objectContaining({ type: 'session.opened', seq: expect.any(Number) })],
      next: null,
      complete: true,
      reason: null,
    });
    const all = (await command('events', '--tail', '100000')).stdout.trim().split('\n');
    expect(all.some((line) => line.includes('supervisor: booting'))).toBe(true);
    expect((await command('events', '--tail', '3')).stdout.trim().split('\n')).toHaveLength(3);
    expect((await command('events', '--tail', '0')).stdout).toBe('');
    // It is gone, and still remembered, though not among the last ones.
    scene.writeConfig({ two: scene.talker() });
    await until('it is removed', async () =>
      (await command('events', '--type', 'server.removed')).stdout.includes('server:one'),
    );
    await command('restart', 'two');
    expect(await command('events', '--tail', '1', '--actor', 'server:one', '--actor', 'server:two')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('server:two'),
    });
  });

  it('are followed over a restart of the control plane, none twice, and Ctrl-C is quiet', async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker() });
    const first = await scene.up();
    const { command, stays } = commandLineOf(scene);
    const following = stays(['events', '-f', '--json', '--type', 'session.opened,command.settled']);
    const facts = () =>
      following
        .stdout()
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line): { seq: number; type: string } => JSON.parse(line))
        .filter(({ type }) => type !== 'facts.missed');
    await until('the first session is told', () => facts().length === 1);
    expect((await command('restart', 'one')).code).toBe(0);
    await until('the restart is told', () => facts().length === 3);
    first.kill('SIGTERM');
    await first.ended;
    await scene.up();
    await until('the session of the next life is told', () => facts().length === 4);
    const numbers = facts().map(({ seq }) => seq);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    following.kill('SIGINT');
    expect(await following.ended).toMatchObject({
      code: 0,
      signal: null,
      stderr: 'The connection was lost; waiting for the control plane.\n',
    });
  });
});

describe.concurrent('what is to be followed and does not answer', () => {
  it.each([
    ['status', '--watch'],
    ['events', '-f'],
    ['logs', 'one', '-f'],
  ])('is left by Ctrl-C at once: %s %s', async (...words) => {
    const { url, open } = await openMuteServer(() => {});
    const { kill, ended } = openScene().run([...words, '--url', url]);
    await until('it is asked', () => open() === 1);
    kill('SIGINT');
    // Long before it would be given up.
    const isOver = await Promise.race([ended.then(() => true), delay(15_000, false)]);
    expect(isOver).toBe(true);
  });
});
