import { describe, expect, it, onTestFinished } from 'vitest';
import { openReader } from '../http/streams/event-reader.ts';
import { openScene } from '../support/doors/daemon.ts';
import { until } from '../support/processes.ts';

/** The promise of the API: so long after the death of its process a server is no longer said to be connected. */
const promisedMs = 100;

describe('a server that is killed again and again', () => {
  it('is never said to be connected for long, and comes back each time', { timeout: 240_000 }, async () => {
    const scene = openScene();
    scene.writeConfig({ one: scene.talker({ restart: { baseMs: 1, capMs: 1, maxConsecutive: 0, intensity: 0 } }) });
    const { url, token, client } = await scene.up();
    const reader = await openReader(`${url}/api/events?since=0&actor=server:one&type=session.opened`, { token });
    onTestFinished(() => reader.vanish());
    const look = async () => (await client.get('/api/servers/one')).json;
    const tookMs: number[] = [];
    for (let round = 1; round <= 50; round += 1) {
      await reader.until(`it is up for the time ${round}`, (events) => events.length >= round);
      await until('it says so', async () => (await look()).state === 'connected');
      const { pid, generation } = await look();
      process.kill(Number(pid), 'SIGKILL');
      const killedMs = performance.now();
      // As fast as one can ask: the next life may be up before we look again.
      let seen = await look();
      while (seen.state === 'connected' && seen.generation === generation) seen = await look();
      tookMs.push(performance.now() - killedMs);
    }
    const sorted = tookMs.toSorted((a, b) => a - b);
    const [median = 0, worst = Number.POSITIVE_INFINITY] = [sorted[25], sorted.at(-1)];
    console.log(
      `no longer connected after ${median.toFixed(1)} ms (median), ${worst.toFixed(1)} ms (most) of 50 kills`,
    );
    expect(median).toBeLessThan(promisedMs);
    // A machine that is busy with other things may take longer once.
    expect(worst).toBeLessThan(5 * promisedMs);
  });
});
