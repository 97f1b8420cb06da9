/** One session of a server after the other, at the end that holds them. */

import { expect, it } from 'vitest';
import type { SessionNews } from '../../../src/session/contract.ts';
import { until } from '../../support/processes.ts';
import { specification } from '../sessions.ts';
import { createBreakableHop, getReady, quickStop, requestOf } from './script.ts';

/** A control plane has gone and left a session that is ready, and has said this since. */
async function leave(...said: readonly SessionNews[]) {
  const hop = createBreakableHop();
  const first = hop.createNear();
  await first.connect();
  first.open(requestOf('peer', 1));
  const before = await hop.scripted(0);
  getReady(before);
  for (const news of said) before.tell(news);
  await first.cut();
  return { hop, before };
}

/** The next control plane would open another program. */
async function openAfterAnother() {
  const { hop, before } = await leave();
  const next = hop.createNear();
  void next.connect();
  const asked = next.open(requestOf('peer', 2));
  await until('the earlier one is told to end', () => before.orders.includes('end close'));
  return { hop, next, asked, before };
}

it('opens a session only when nothing is left of the earlier one of that server', async () => {
  const { hop, asked, before } = await openAfterAnother();
  await until('it has gone through all steps', () => before.orders.includes('end kill'));
  expect(hop.opened).toHaveLength(1);
  before.tell({ type: 'ended', failure: null });
  getReady(await hop.scripted(1));
  await until('the next one is ready', () => asked.types().includes('ready'));
});

it('opens none whose end was asked for meanwhile, and tells so when the earlier one is gone', async () => {
  const { hop, next, asked, before } = await openAfterAnother();
  const other = next.open(requestOf('other', 1));
  await hop.scripted(1);
  asked.session.end('close');
  other.session.report(1);
  await until('the far end has heard of it', () => other.types().includes('heard'));
  expect(asked.types()).toEqual([]);
  before.tell({ type: 'ended', failure: null });
  await until('it is told', () => asked.types().includes('ended'));
  expect(asked.ending()).toBeNull();
  expect(hop.opened.map(({ request }) => request.server)).toEqual(['peer', 'other']);
});

it('opens none for a control plane that has lost its connection meanwhile', async () => {
  const { hop, next, asked, before } = await openAfterAnother();
  const other = next.open(requestOf('other', 1));
  getReady(await hop.scripted(1));
  await next.cut();
  void next.connect();
  expect(asked.ending()).toMatchObject({ class: 'clientLost' });
  before.tell({ type: 'ended', failure: null });
  await until('it is gone', () => hop.far.sessions.every(({ server }) => server !== 'peer'));
  other.session.report(1);
  await until('the far end still answers', () => other.types().includes('heard'));
  expect(hop.opened).toHaveLength(2);
});

it('opens none once it has begun to end them all', async () => {
  const { hop, next, before } = await openAfterAnother();
  const ended = hop.far.endAll();
  const late = next.open(requestOf('late', 1));
  before.tell({ type: 'ended', failure: null });
  await ended;
  await until('the late one is told', () => late.types().includes('ended'));
  expect(late.ending()).toMatchObject({ class: 'clientLost' });
  expect(hop.opened).toHaveLength(1);
});

it('ends what was kept for a control plane that does not ask for it, and none that it has asked for', async () => {
  const hop = createBreakableHop();
  const first = hop.createNear();
  await first.connect();
  for (const server of ['wanted', 'unasked']) first.open(requestOf(server, 1));
  const [wanted, unasked] = [await hop.scripted(0), await hop.scripted(1)];
  getReady(wanted);
  getReady(unasked);
  await first.cut();
  const next = hop.createNear(() => requestOf('any', 1));
  void next.connect();
  expect(next.near.generationBefore('wanted')).toBe(0);
  const asked = next.open(requestOf('wanted', 1));
  await until('it is taken over', () => asked.types().includes('ready'));
  hop.far.endUnclaimed();
  await until('the other one has gone through all steps', () => unasked.orders.includes('end kill'));
  unasked.tell({ type: 'ended', failure: null });
  await until('its number is used up', () => next.near.generationBefore('unasked') === 1);
  expect(wanted.orders.filter((order) => order.startsWith('end'))).toEqual([]);
});

it('is not taken over if its specification has changed since it was kept, and ends before the next one', async () => {
  const { hop, before } = await leave();
  const next = hop.createNear(() => requestOf('peer', 1));
  void next.connect();
  const changed = next.open(requestOf('peer', 1, 'another'));
  await until('it is refused', () => changed.types().includes('ended'));
  expect(changed.ending()).toMatchObject({ class: 'clientLost' });
  expect(next.near.generationBefore('peer')).toBe(1);
  const asked = next.open(requestOf('peer', 2, 'another'));
  await until('the earlier one is told to end', () => before.orders.includes('end close'));
  before.tell({ type: 'ended', failure: null });
  getReady(await hop.scripted(1));
  await until('the next one is ready', () => asked.types().includes('ready'));
});

it('is taken over with what it asked, and other limits than it had', async () => {
  const { hop, before } = await leave({ type: 'asked', id: 1, method: 'roots/list', params: {} });
  const next = hop.createNear(() => requestOf('peer', 1));
  void next.connect();
  const target = requestOf('peer', 1).specification.target;
  const asked = next.open({
    ...requestOf('peer', 1),
    specification: specification(target, { stop: quickStop, callTimeoutMs: 5 }),
  });
  await until('it asks', () => asked.types().includes('asked'));
  expect(before.orders).toEqual(['limit 5']);
  asked.session.answer(1, { result: { roots: [] } });
  await until('it is answered', () => before.orders.includes('answer 1'));
});
