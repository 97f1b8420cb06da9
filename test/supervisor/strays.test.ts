import { describe, expect, it } from 'vitest';
import { isRunning, pidsMarked, until } from '../support/processes.ts';
import { openStage, pidOf, quickStop, textOf, untilFact, untilState } from '../support/supervised.ts';

type Supervisor = Awaited<ReturnType<ReturnType<typeof openStage>['open']>>;

async function daemonOf(supervisor: Supervisor, server: string): Promise<number> {
  return Number(textOf(await supervisor.callTool(server, 'daemon', {})));
}

function strayAlarms(supervisor: Supervisor, server: string) {
  return supervisor.status(server).alarms.filter(({ alarm }) => alarm === 'strays');
}

describe('a process that a server started outside of its group', () => {
  for (const how of [
    ['leaves-a-daemon', 'daemon'],
    ['forks-a-grandchild', 'grandchild'],
  ] as const)
    it(`is left alone while the server runs, and told and ended when it stops: ${how[1]}`, async () => {
      const stage = openStage();
      const supervisor = await stage.open({ a: stage.program(how[0], {}, ['escapes']) });
      await supervisor.ready();
      const pid = Number(textOf(await supervisor.callTool('a', how[1], {})));
      expect(isRunning(pid)).toBe(true);
      const found = untilFact(supervisor, 'stray.found');
      const gone = untilFact(supervisor, 'stray.gone');
      await supervisor.send('a', { type: 'server.stop' });
      expect(await found).toMatchObject({ actor: 'server:a', generation: 1, pid, policy: 'end' });
      expect((await found).command).toContain(`${how[0]}.mjs`);
      expect(await gone).toMatchObject({ actor: 'server:a', pid });
      expect(pidsMarked(stage.mark)).toEqual([]);
      expect(strayAlarms(supervisor, 'a')).toEqual([]);
    });

  it('is ended when the server is killed, and the next generation keeps its own', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('leaves-a-daemon') });
    await supervisor.ready();
    const first = await daemonOf(supervisor, 'a');
    const gone = untilFact(supervisor, 'stray.gone');
    const back = untilState(supervisor, 'a', 'connected');
    process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
    await Promise.all([gone, back]);
    const second = await daemonOf(supervisor, 'a');
    expect(isRunning(first)).toBe(false);
    expect(isRunning(second)).toBe(true);
    expect(pidsMarked(stage.mark)).toHaveLength(2);
  });

  it('gets SIGKILL if it ignores SIGTERM, with the alarm meanwhile', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('leaves-a-daemon', {}, ['ignores-sigterm']) });
    await supervisor.ready();
    const pid = await daemonOf(supervisor, 'a');
    const raised = untilFact(supervisor, 'alarm.raised', ({ alarm }) => alarm === 'strays');
    const cleared = untilFact(supervisor, 'alarm.cleared', ({ alarm }) => alarm === 'strays');
    await supervisor.send('a', { type: 'server.stop' });
    expect((await raised).reason).toContain(`${pid} (`);
    expect(isRunning(pid)).toBe(true);
    await cleared;
    expect(isRunning(pid)).toBe(false);
  });

  it('is only told with "tell", even at the end; what it was given as a secret is blanked', async () => {
    const stage = openStage();
    const secret = 'swordfish-swordfish';
    const settings = { stop: { ...quickStop, strays: 'tell' }, env: { WORD: secret } };
    const supervisor = await stage.open({ a: stage.program('leaves-a-daemon', settings, [secret]) });
    await supervisor.ready();
    const pid = await daemonOf(supervisor, 'a');
    const found = untilFact(supervisor, 'stray.found');
    await supervisor.send('a', { type: 'server.stop' });
    expect(await found).toMatchObject({ pid, policy: 'tell' });
    expect((await found).command).toContain('[redacted]');
    expect((await found).command).not.toContain(secret);
    expect(strayAlarms(supervisor, 'a')).toMatchObject([{ reason: expect.stringContaining(`${pid} (`) }]);
    await supervisor.close();
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await until('it has gone', () => !isRunning(pid));
  });

  it('is ended before a supervisor is closed', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('leaves-a-daemon'),
      b: stage.program('leaves-a-daemon', {}, ['ignores-sigterm']),
    });
    await supervisor.ready();
    await supervisor.close();
    expect(pidsMarked(stage.mark)).toEqual([]);
  });
});
