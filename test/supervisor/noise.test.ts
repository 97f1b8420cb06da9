import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/index.ts';
import { underAttack } from '../support/loop-delay.ts';
import { openStage, quickRestart, untilFact, untilState } from '../support/supervised.ts';

const notifications = 30_000;

const toldIn = (facts: readonly Fact[]): number =>
  facts.reduce((sum, fact) => sum + (fact.type === 'session.notified' ? (fact.count ?? 1) : 0), 0);

describe('a server that notifies and asks as fast as it can', () => {
  it('leaves what happened to itself and to others in the journal, and each of its notifications is counted', async () => {
    const { program, open } = openStage();
    const supervisor = await open({
      noisy: program('notifies-without-end', { restart: quickRestart }),
      quiet: program('speak', { restart: quickRestart }),
    });
    await supervisor.ready();
    for (const server of ['noisy', 'quiet']) {
      process.kill(supervisor.status(server).pid ?? 0, 'SIGKILL');
      await untilFact(supervisor, 'session.opened', ({ actor }) => actor === `server:${server}`);
    }
    await untilState(supervisor, 'quiet', 'connected', { since: 0 });
    const isHistory = ({ type }: Fact) => type === 'server.transitioned' || type === 'server.failed';
    const journal = async () => (await supervisor.journal({ limit: 10_000 })).facts;
    const before = (await journal()).filter(isHistory);
    expect(before.filter(({ type }) => type === 'server.failed')).toHaveLength(2);
    const flood = () => supervisor.callTool('noisy', 'flood', { count: notifications });
    await underAttack(`${notifications} notifications at once`, flood);
    expect((await journal()).filter(isHistory).slice(0, before.length)).toEqual(before);
    await expect.poll(async () => toldIn(await journal()), { timeout: 20_000 }).toBe(notifications);
    expect((await journal()).length).toBeLessThan(2_000);
  });
});
