import { afterEach, describe, expect, it } from 'vitest';
import { Overhearing } from '../../../src/session/protocol/overhearing.ts';
import { until } from '../../support/processes.ts';
import { type RecordedSession, sessionsVia, ways } from '../sessions.ts';

const long = 'x'.repeat(1_000_000);

describe('what is heard besides answers', () => {
  it('is kept with its beginning', () => {
    const overhearing = new Overhearing(() => 1);
    overhearing.noteLine(long);
    overhearing.note('stderr', long);
    const heard = overhearing.since(0, { bytes: long.length, beginning: long });
    expect(heard.map(({ last }) => last?.length)).toEqual([2_048, 2_048, 2_048]);
  });
});

describe.each(ways)('a session %s', (_way, via) => {
  const { openReadyPeer } = sessionsVia(via);
  const open: RecordedSession[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  it('tells of an answer to nobody with the beginning of its id, and of a flood of them now and then', async () => {
    const session = await openReadyPeer();
    open.push(session);
    const notes = () => session.news.flatMap((news) => (news.type === 'noted' ? [news.text] : []));
    session.peer.send({ id: long, result: {} });
    await until('it is told', () => notes().length === 1);
    expect(notes()[0]?.length).toBeLessThan(17_000);
    for (let count = 1; count < 3_000; count += 1) session.peer.send({ id: count, result: {} });
    await until('the last of them is told', () => notes().some((text) => text.includes('3000 such answers')));
    expect(notes()).toHaveLength(20 + 3);
  });
});
