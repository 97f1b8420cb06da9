import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/index.ts';
import { serveMcp } from '../../session/remote/web.ts';
import { openStage, untilFact } from '../../support/supervised.ts';

describe('a machine that was suspended', () => {
  it('says so, and asks its remote servers at once whether they are still there', async () => {
    const stage = openStage();
    const web = await serveMcp();
    let aheadMs = 0;
    const clock: Clock = {
      now: () => Date.now() + aheadMs,
      monotonicNow: () => performance.now(),
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
    };
    const supervisor = await stage.open(
      { far: { url: `${web.origin}/mcp` }, near: stage.program('speak', { heartbeat: { intervalMs: 600_000 } }) },
      {},
      { clock },
    );
    await supervisor.ready();
    const resumed = untilFact(supervisor, 'machine.resumed');
    const probed = untilFact(supervisor, 'probe.sent');
    const answered = untilFact(supervisor, 'probe.answered');
    aheadMs = 60_000;
    const { suspendedForMs } = await resumed;
    expect(suspendedForMs).toBeGreaterThan(59_000);
    expect(suspendedForMs).toBeLessThan(62_000);
    expect((await probed).actor).toBe('server:far');
    await answered;
    expect(supervisor.status().counts.connected).toBe(2);
    expect(supervisor.status('far')).toMatchObject({ generation: 1, attempt: 0 });
    expect(supervisor.status('near')).toMatchObject({ generation: 1 });
  });
});
