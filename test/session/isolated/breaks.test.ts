/** The connection breaks while both ends live. */

import { expect, it } from 'vitest';
import type { Outlet } from '../../../src/session/outlet.ts';
import { until } from '../../support/processes.ts';
import { outcomeOf } from '../sessions.ts';
import { createBreakableHop, getReady, lists, requestOf } from './script.ts';

async function openReady(outlet?: Outlet) {
  const hop = createBreakableHop(outlet);
  const near = hop.createNear();
  await near.connect();
  const asked = near.open(requestOf('peer', 1));
  const scripted = await hop.scripted(0);
  getReady(scripted);
  await until('it is ready', () => asked.types().includes('ready'));
  /** Everything that was sent before has been heard. */
  let questions = 0;
  const settle = async () => {
    questions += 1;
    const question = questions;
    asked.session.report(question);
    await until('it answers', () => asked.news.some((told) => told.type === 'heard' && told.question === question));
  };
  const types = () => asked.types().filter((type) => type !== 'heard');
  return { hop, near, asked, scripted, settle, types };
}

it('fails its calls in flight once, makes none meanwhile, and goes on over the next connection', async () => {
  const { near, asked, scripted, settle, types } = await openReady();
  const settled: string[] = [];
  for (const method of ['one', 'two'])
    void outcomeOf(asked.session.request(method, {})).then((code) => void settled.push(`${method} ${code}`));
  await until('both are sent', () => scripted.orders.length === 2);
  await near.cut();
  expect(await outcomeOf(asked.session.request('three', {}))).toBe('SERVER_NOT_CONNECTED');
  await until('both are settled', () => settled.length === 2);
  expect(settled).toEqual(['one OUTCOME_UNKNOWN', 'two OUTCOME_UNKNOWN']);
  await until('both are cancelled', () => scripted.orders.includes('cancel two'));
  await near.connect();
  await settle();
  expect(await outcomeOf(asked.session.request('quick', {}))).toBe('done');
  expect(near.near.callsInFlight).toBe(0);
  expect(types()).toEqual(['spawned', 'initialized', 'ready']);
});

it('tells lists that changed meanwhile, and what servers wrote on stderr', async () => {
  const { near, asked, scripted, settle, types } = await openReady();
  await near.cut();
  const tool = { name: 'new', inputSchema: { type: 'object' } };
  scripted.tell({ type: 'listed', lists: { ...lists, tools: [tool] } });
  scripted.tell({ type: 'stderr', lines: ['unheard'] });
  await near.connect();
  await settle();
  expect(types()).toEqual(['spawned', 'initialized', 'ready', 'listed', 'stderr']);
  expect(asked.news.find((told) => told.type === 'listed')?.lists.tools).toEqual([tool]);
});

it('keeps of stderr that nobody heard only the last of it', async () => {
  const { near, asked, scripted, settle } = await openReady();
  await near.cut();
  for (let line = 0; line < 1_000; line += 1) scripted.tell({ type: 'stderr', lines: [`${line}`.padStart(1_024)] });
  await near.connect();
  await settle();
  const lines = asked.news.flatMap((told) => (told.type === 'stderr' ? told.lines : []));
  expect(lines).toHaveLength(1 + 64);
  expect(lines[0]).toBe('(936 lines before this one were lost)');
  expect(lines.at(-1)?.trim()).toBe('999');
});

it('holds back stderr while the connection is full, and then tells the last of it', async () => {
  let free = () => {};
  const outlet = {
    isFull: true,
    whenFree: () =>
      new Promise<void>((resolve) => {
        free = resolve;
      }),
  };
  const { asked, scripted, settle } = await openReady(outlet);
  const lines = () => asked.news.flatMap((told) => (told.type === 'stderr' ? told.lines : []));
  for (let line = 0; line < 1_000; line += 1) scripted.tell({ type: 'stderr', lines: [`${line}`.padStart(1_024)] });
  await settle();
  expect(lines()).toEqual([]);
  outlet.isFull = false;
  free();
  await settle();
  expect(lines()).toHaveLength(1 + 64);
  scripted.tell({ type: 'stderr', lines: ['later'] });
  await settle();
  expect(lines().at(-1)).toBe('later');
});

it('loses no line of stderr between two connections', async () => {
  const { near, asked, scripted, settle } = await openReady();
  await near.cut();
  await near.connect(() => scripted.tell({ type: 'stderr', lines: ['before it was served'] }));
  scripted.tell({ type: 'stderr', lines: ['before it was claimed'] });
  await settle();
  expect(asked.news.flatMap((told) => (told.type === 'stderr' ? told.lines : []))).toEqual([
    'before it was served',
    'before it was claimed',
  ]);
});

it('asks nothing twice, and answers once what was answered meanwhile', async () => {
  const { near, asked, scripted, settle, types } = await openReady();
  for (const id of ['waits', 'is answered']) scripted.tell({ type: 'asked', id, method: 'roots/list', params: {} });
  await settle();
  await near.cut();
  asked.session.answer('is answered', { result: { roots: [] } });
  await near.connect();
  await settle();
  expect(types().filter((type) => type === 'asked')).toHaveLength(2);
  await until('the answer is there', () => scripted.orders.includes('answer is answered'));
  asked.session.answer('waits', { result: { roots: [] } });
  await until('so is the other one', () => scripted.orders.includes('answer waits'));
  expect(scripted.orders.filter((order) => order.startsWith('answer'))).toHaveLength(2);
});

it('tells what ended meanwhile, as lost', async () => {
  const { hop, near, asked, scripted, types } = await openReady();
  await near.cut();
  scripted.tell({ type: 'ended', failure: null });
  await until('it is gone', () => hop.far.sessions.length === 0);
  await near.connect();
  expect(types().at(-1)).toBe('ended');
  expect(asked.ending()).toMatchObject({ class: 'clientLost' });
});

it('tells what ended meanwhile as asked for, if it was', async () => {
  const { hop, near, asked, scripted } = await openReady();
  asked.session.end('close');
  await until('it is told to end', () => scripted.orders.includes('end close'));
  await near.cut();
  scripted.tell({ type: 'ended', failure: null });
  await until('it is gone', () => hop.far.sessions.length === 0);
  await near.connect();
  expect(asked.ending()).toBeNull();
});

it('tells what ended while it was being taken over as lost, and once', async () => {
  const { near, asked, scripted, types } = await openReady();
  await near.cut();
  await near.connect(() => scripted.tell({ type: 'ended', failure: null }));
  await until('it has ended', () => types().includes('ended'));
  expect(asked.ending()).toMatchObject({ class: 'clientLost' });
  expect(types().filter((type) => type === 'ended')).toHaveLength(1);
});

it('repeats an end and limits that may have got lost', async () => {
  const { near, asked, scripted } = await openReady();
  await near.cut();
  asked.session.end('close');
  asked.session.limit({ callTimeoutMs: 7, callMaxMs: 8, maxConcurrentCalls: 9, maxQueuedCalls: 10 });
  await near.connect();
  await until('both have come', () => scripted.orders.length === 2);
  expect(scripted.orders).toEqual(['limit 7', 'end close']);
});
