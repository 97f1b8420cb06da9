import { describe, expect, it } from 'vitest';
import { underAttack } from '../support/loop-delay.ts';
import { isRunning, pidsMarked } from '../support/processes.ts';
import { openStage, textOf, untilFact } from '../support/supervised.ts';

describe('a guard that is killed', () => {
  it('is an alarm of the supervisor until another one works', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('speak') });
    await supervisor.ready();
    const { MCPVISOR_SERVER: mark } = JSON.parse(textOf(await supervisor.callTool('a', 'environment', {})));
    const [guard = 0, ...others] = pidsMarked(String(mark).split(':')[0] ?? '');
    expect(others).toEqual([]);
    const raised = untilFact(supervisor, 'alarm.raised', ({ alarm }) => alarm === 'no-guard');
    const cleared = untilFact(supervisor, 'alarm.cleared', ({ alarm }) => alarm === 'no-guard');
    await underAttack('a guard that is killed', async () => {
      process.kill(guard, 'SIGKILL');
      expect(await raised).toMatchObject({
        actor: 'supervisor',
        reason: expect.stringContaining('the guard (/bin/sh) was ended by SIGKILL'),
      });
      await cleared;
    });
    expect(supervisor.status().alarms).toEqual([]);
    expect(isRunning(guard)).toBe(false);
  });
});
