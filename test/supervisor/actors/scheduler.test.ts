import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { createScheduler } from '../../../src/supervisor/actors/scheduler.ts';

describe('the scheduler of an actor system', () => {
  it('is the one that is put in its place: XState asks it for every timer, and to cancel all of an actor that stops', () => {
    const fired: (() => void)[] = [];
    const cleared: unknown[] = [];
    const clock = {
      setTimeout: (callback: () => void) => fired.push(callback),
      clearTimeout: (timer: unknown) => void cleared.push(timer),
    };
    const machine = createMachine({
      initial: 'waiting',
      states: { waiting: { after: { 50: 'late', 70: 'later' } }, late: { after: { 90: 'later' } }, later: {} },
    });
    const actor = createActor(machine);
    const scheduler = createScheduler(clock, () => 1_000);
    actor.system.scheduler = scheduler;
    actor.start();
    expect(scheduler.timersOf(actor).map(({ dueAtMs }) => dueAtMs)).toEqual([1_050, 1_070]);
    fired[0]?.();
    expect(actor.getSnapshot().value, 'its own timer fired').toBe('late');
    expect(scheduler.timersOf(actor).map(({ dueAtMs }) => dueAtMs)).toEqual([1_090]);
    actor.stop();
    expect([scheduler.timersOf(actor), cleared]).toEqual([[], [2, 3]]);
  });
});
