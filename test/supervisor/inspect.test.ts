import { describe, expect, it } from 'vitest';
import type { InspectedEvent } from '../../src/index.ts';
import { errorOf, openStage, textOf, untilState } from '../support/supervised.ts';

const secret = 'canary-inspected-40c7';

describe('a host that inspects the live actors', () => {
  it('is told of each actor, event and step, as data that can be sent anywhere', async () => {
    const stage = openStage();
    const seen: InspectedEvent[] = [];
    const inspect = (event: InspectedEvent) => void seen.push(event);
    const supervisor = await stage.open({ a: stage.program('speak') }, {}, { inspect });
    await supervisor.ready();

    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
    const made = new Map(seen.flatMap((event) => (event.type === '@xstate.actor' ? [[event.actor, event]] : [])));
    expect(made.get('supervisor')).toMatchObject({ parentId: null });
    expect(made.get('group:default')).toMatchObject({ parentId: made.get('supervisor')?.sessionId });
    expect(made.get('server:a')).toMatchObject({ parentId: made.get('group:default')?.sessionId });
    const steps = seen.flatMap((event) =>
      event.type === '@xstate.snapshot' && event.actor === 'server:a' ? [event.snapshot.state] : [],
    );
    expect(steps).toEqual(
      expect.arrayContaining(['starting.spawning', 'starting.initializing', 'starting.listing', 'connected.quiet']),
    );
    expect(seen).toContainEqual(
      expect.objectContaining({
        type: '@xstate.event',
        actor: 'server:a',
        event: expect.objectContaining({ type: 'session.ready' }),
      }),
    );
    const taken = seen.flatMap((event) => (event.type === '@xstate.microstep' ? event.edges : []));
    expect(taken).toContainEqual(expect.objectContaining({ source: 'idle.queued', event: 'slot.granted' }));
  });

  it('is told no secret, whatever a server says', async () => {
    const stage = openStage();
    const seen: InspectedEvent[] = [];
    const inspect = (event: InspectedEvent) => void seen.push(event);
    const talkative = stage.program('tells-its-secrets', {
      env: { SECRET_LITERAL: secret },
      restart: { baseMs: 60_000, capMs: 60_000 },
    });
    const supervisor = await stage.open({ a: talkative }, {}, { inspect });
    await supervisor.ready();
    expect(textOf(await supervisor.callTool('a', 'tell'))).toContain(secret);
    const down = untilState(supervisor, 'a', 'backoff');
    await errorOf(supervisor.callTool('a', 'exit'));
    await down;
    const text = JSON.stringify(seen);
    expect(text).toContain('stderrTail');
    expect(text).not.toContain(secret);
  });

  it('cannot change or break what it watches', async () => {
    const stage = openStage();
    const inspect = (event: InspectedEvent) => {
      const context = 'snapshot' in event ? event.snapshot.context : null;
      if (typeof context === 'object' && context !== null) Object.assign(context, { name: 'b' });
      throw new Error('the host has a bug');
    };
    const supervisor = await stage.open({ a: stage.program('speak') }, {}, { inspect });
    await supervisor.ready();
    expect(supervisor.status('a').state).toBe('connected');
    expect(supervisor.snapshot('a').context).toMatchObject({ name: 'a' });
  });
});
