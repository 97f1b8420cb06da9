import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../../src/store/contract.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { createLeaseKeeper } from '../../../src/supervisor/memory/lease.ts';
import { virtualClock } from '../../../src/testing.ts';
import { away, createTroubledStore } from '../../support/troubled-store.ts';

function openScene() {
  const clock = virtualClock();
  const store = createTroubledStore(createMemoryStore({ now: clock.now }));
  /** `instance`: of the state directory. */
  function come(instance: string, pid: number, over: Store = store) {
    const told: string[] = [];
    const keeper = createLeaseKeeper({
      store: over.lease,
      own: { instance, host: 'here', pid },
      timers: clock,
      memory: { noteTrouble: () => told.push('trouble'), noteSuccess: () => {} },
      onHeld: (holder) => told.push(holder === null ? 'free' : `held by ${holder.pid}`),
      onLate: () => told.push('late'),
      onTaken: ({ pid: other }) => told.push(`lost to ${other}`),
    });
    void keeper.claim().then(() => told.push('starts'));
    onTestFinished(() => keeper.close());
    return { keeper, told };
  }
  return { clock, store, come };
}

describe('the lease of a store', () => {
  it('is taken at once, and renewed for as long as its holder runs', async () => {
    const { clock, come } = openScene();
    const first = come('one', 1);
    await clock.advance(0);
    expect(first.told).toEqual(['starts']);
    await clock.advance(60_000);
    const second = come('two', 2);
    await clock.advance(20_000);
    expect(first.told).toEqual(['starts']);
    expect(second.told.at(-1)).toBe('held by 1');
    expect(second.keeper.holder).toMatchObject({ host: 'here', pid: 1 });
  });

  it('goes to who waits when its holder ends in order', async () => {
    const { clock, come } = openScene();
    const first = come('one', 1);
    const second = come('two', 2);
    await clock.advance(2_000);
    await first.keeper.close();
    await clock.advance(1_000);
    expect(second.told.slice(-2)).toEqual(['free', 'starts']);
    expect(second.keeper.holder).toBeNull();
  });

  it('goes to who waits 15 s after its holder was killed, and not before', async () => {
    const { clock, store, come } = openScene();
    await store.lease.take({ instance: 'killed', host: 'there', pid: 9 }, 15_000);
    const second = come('two', 2);
    await clock.advance(14_900);
    expect(second.told).not.toContain('starts');
    await clock.advance(1_100);
    expect(second.told).toContain('starts');
  });

  it('is taken over at once by the next run on the same state directory', async () => {
    const { clock, store, come } = openScene();
    await store.lease.take({ instance: 'one', host: 'here', pid: 9 }, 15_000);
    const next = come('one', 1);
    await clock.advance(0);
    expect(next.told).toEqual(['starts']);
  });

  it('is left to the next run on the same state directory', async () => {
    const { clock, come } = openScene();
    const first = come('one', 1);
    await clock.advance(0);
    await first.keeper.close({ isLeft: true });
    const other = come('two', 2);
    await clock.advance(1_000);
    expect(other.told).not.toContain('starts');
  });
});

describe('a store that is away', () => {
  it.each(['rejects', 'is silent'])('does not hold up a start, if it %s', async (how) => {
    const { clock, store, come } = openScene();
    if (how === 'rejects') store.trouble = away;
    else store.isSilent = true;
    const first = come('one', 1);
    await clock.advance(5_000);
    expect(first.told).toContain('starts');
    store.trouble = null;
    store.isSilent = false;
    await clock.advance(5_000);
    expect(first.told.at(-1)).toBe('late');
    await clock.advance(20_000);
    expect(first.told.filter((one) => one === 'late')).toEqual(['late']);
  });

  it("may be another one's when it is back: then this one is told to go, once", async () => {
    const { clock, store, come } = openScene();
    store.trouble = away;
    const first = come('one', 1);
    await clock.advance(1_000);
    store.trouble = null;
    const second = come('two', 2);
    await clock.advance(20_000);
    expect(second.told).toContain('starts');
    expect(first.told.filter((one) => one.startsWith('lost'))).toEqual(['lost to 2']);
  });

  it('does not end who runs, even for longer than the lease', async () => {
    const { clock, store, come } = openScene();
    const first = come('one', 1);
    await clock.advance(1_000);
    store.trouble = away;
    await clock.advance(120_000);
    store.trouble = null;
    await clock.advance(10_000);
    expect(first.told.filter((one) => one !== 'trouble')).toEqual(['starts']);
  });

  it('starts nobody who was told that another has it', async () => {
    const { clock, store, come } = openScene();
    await store.lease.take({ instance: 'other', host: 'there', pid: 9 }, 15_000);
    const second = come('two', 2);
    await clock.advance(1_000);
    store.trouble = away;
    await clock.advance(60_000);
    expect(second.told).not.toContain('starts');
    store.trouble = null;
    await clock.advance(1_000);
    expect(second.told).toContain('starts');
  });
});
