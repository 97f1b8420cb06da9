import { describe, expect, it } from 'vitest';
import { createLoopLag } from '../../../src/session/protocol/loop-lag.ts';
import { until } from '../../support/processes.ts';
import { sessionsVia, ways } from '../sessions.ts';

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

describe('a loop that was blocked', () => {
  it('is seen by a timer that runs before any other', async () => {
    const loopLag = createLoopLag();
    const watch = loopLag.mark();
    const seen = new Promise<number>((resolve) => setTimeout(() => resolve(loopLag.worstSince(watch)), 10));
    block(300);
    expect(loopLag.worstSince(watch)).toBeGreaterThanOrEqual(200);
    expect(await seen).toBeGreaterThanOrEqual(200);
    loopLag.release(watch);
    expect(loopLag.worstSince(watch)).toBeGreaterThanOrEqual(200);
  });

  it('counts for those who watched then, not for those who came later', () => {
    const loopLag = createLoopLag();
    const early = loopLag.mark();
    block(300);
    const late = loopLag.mark();
    expect(loopLag.worstSince(early)).toBeGreaterThanOrEqual(200);
    expect(loopLag.worstSince(late)).toBeLessThan(50);
    loopLag.release(early);
    loopLag.release(late);
  });

  it('is remembered by the tick after it', async () => {
    const loopLag = createLoopLag();
    const watch = loopLag.mark();
    block(300);
    await until('the loop has turned again', () => performance.now() - watch.since > 500);
    expect(watch.worstMs).toBeGreaterThanOrEqual(200);
    loopLag.release(watch);
  });
});

describe('the watching', () => {
  it('goes on only while somebody watches, and holds no process up', () => {
    const before = timers();
    const loopLag = createLoopLag();
    const watches = [loopLag.mark(), loopLag.mark()];
    expect(timers()).toBe(before);
    for (const watch of watches) loopLag.release(watch);
    for (const watch of watches) loopLag.release(watch);
    expect(loopLag.worstSince(loopLag.mark())).toBeLessThan(50);
  });

  it.each(ways)('is what a session %s tells while a probe is open', async (_way, via) => {
    const { session, close, peer, report } = await sessionsVia(via).openReadyPeer({ answers: { ping: () => null } });
    expect((await report()).lagMs).toBe(0);
    const latency = session.probe('ping');
    await until('the ping has come', () => peer.sent('ping').length === 1);
    block(300);
    expect((await report()).lagMs).toBeGreaterThanOrEqual(200);
    peer.answer(peer.sent('ping')[0], {});
    expect(await latency).toBeGreaterThanOrEqual(290);
    expect((await report()).lagMs).toBeGreaterThanOrEqual(200);
    await close();
  });
});
