import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Supervisor } from '../../../src/index.ts';
import { until } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { type Entry, openStage, type Stage, untilFact, untilState } from '../../support/supervised.ts';

const refusing = (stage: Stage, method: string, how: string, extra: Entry = {}) =>
  stage.program('refuses-a-list', extra, [method, how]);

const alarmsOf = (supervisor: Supervisor, server: string) => supervisor.status(server).alarms.map(({ alarm }) => alarm);

describe.concurrent('a server whose tools cannot be read', () => {
  it('is not connected, with an alarm, and asked again until they can', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: refusing(stage, 'tools/list', 'once') });
    const { reason } = await untilFact(supervisor, 'alarm.raised', ({ alarm }) => alarm === 'lists-unread', {
      since: 0,
    });
    expect(reason).toBe('tools/list was answered with error -32603: the index is being rebuilt');
    expect(supervisor.status('a')).toMatchObject({ state: 'starting', substate: 'listing' });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      generation: 1,
      alarms: [],
      counts: { tools: 2 },
    });
  });

  it('fails its start when they never can', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: refusing(stage, 'tools/list', 'error', { startTimeoutMs: 900 }) });
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    expect(supervisor.status('a')).toMatchObject({
      attempt: 1,
      lastFailure: {
        class: 'timedOut',
        phase: 'listing',
        message: expect.stringContaining('the index is being rebuilt'),
      },
    });
    expect(alarmsOf(supervisor, 'a')).toEqual([]);
  });

  it('keeps the last good ones after a change, with an alarm until the new ones are read', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: refusing(stage, 'tools/list', 'later') });
    await supervisor.ready();
    await supervisor.callTool('a', 'change', {});
    await untilFact(supervisor, 'alarm.raised', ({ alarm }) => alarm === 'lists-unread', { since: 0 });
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', counts: { tools: 2 } });
    expect(await supervisor.callTool('a', 'work', {})).toMatchObject({ content: [{ text: 'done' }] });
    await untilFact(supervisor, 'alarm.cleared', ({ alarm }) => alarm === 'lists-unread', { since: 0 });
    expect(supervisor.tools()).toHaveLength(2);
  });
});

describe.concurrent('a server whose prompts or resources cannot be read', () => {
  it.each([
    ['prompts/list', 'never'],
    ['prompts/list', 'error'],
    ['resources/list', 'odd'],
    ['resources/templates/list', 'never'],
  ])('is connected with its tools, and an alarm (%s: %s)', async (method, how) => {
    const stage = openStage();
    const supervisor = await stage.open({ a: refusing(stage, method, how) });
    await supervisor.ready();
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1, counts: { tools: 2 } });
    expect(supervisor.status('a').alarms).toMatchObject([
      { alarm: 'lists-unread', reason: expect.stringContaining(`${method} `) },
    ]);
    expect(supervisor.status().alarms).toMatchObject([{ actor: 'server:a', alarm: 'lists-unread' }]);
  });

  it('has them when they come late, and no alarm any more', async () => {
    const stage = openStage();
    const supervisor = await stage.open({ a: refusing(stage, 'prompts/list', 'late') });
    await supervisor.ready();
    expect(alarmsOf(supervisor, 'a')).toEqual(['lists-unread']);
    await untilFact(supervisor, 'catalog.changed', ({ prompts }) => prompts === 1, { since: 0 });
    await until('the alarm is over', () => alarmsOf(supervisor, 'a').length === 0);
    expect(supervisor.status('a').counts).toMatchObject({ prompts: 1 });
  });

  it('still has the last good ones after a restart', async () => {
    const stage = openStage();
    const supervisor = await stage.open({
      a: stage.program('refuses-a-list', {}, ['prompts/list', 'first', join(createScratchFolder(), 'mark')]),
    });
    await supervisor.ready();
    expect(supervisor.prompts()).toHaveLength(1);
    await supervisor.send('a', { type: 'server.restart' });
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 2, counts: { prompts: 1 } });
    expect(alarmsOf(supervisor, 'a')).toEqual(['lists-unread']);
  });
});
