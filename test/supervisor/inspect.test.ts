import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  createWebSocketInspector,
  createWebSocketReceiver,
  type StatelyActorEvent,
  type StatelyInspectionEvent,
} from '@statelyai/inspect';
import { createInspectorServer } from '@statelyai/inspect/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMachine } from 'xstate';
import { type InspectedEvent, serverStates, toStatelyEvent } from '../../src/index.ts';
import { until } from '../support/processes.ts';
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

  it('can show it to the inspector of Stately', async () => {
    const stage = openStage();
    const port = await freePort();
    const page = createInspectorServer({ port, autoOpen: false });
    const inspector = createWebSocketInspector({ url: `ws://127.0.0.1:${port}` });
    const receiver = createWebSocketReceiver({ server: `ws://127.0.0.1:${port}` });
    onTestFinished(() => {
      inspector.stop();
      page.stop();
    });
    const shown: StatelyInspectionEvent[] = [];
    receiver.subscribe((event) => void shown.push(event));
    const inspect = (inspected: InspectedEvent) => {
      const event = toStatelyEvent(inspected);
      if (event !== null) inspector.adapter.send(event);
    };
    const supervisor = await stage.open({ a: stage.program('speak', { env: { TOKEN: secret } }) }, {}, { inspect });
    await supervisor.ready();
    const statesOf = (sessionId: string | undefined) =>
      shown.flatMap((event) =>
        event.type === '@xstate.snapshot' && event.sessionId === sessionId && 'value' in event.snapshot
          ? [event.snapshot.value]
          : [],
      );
    const actorOf = (name: string) =>
      shown.find((event) => event.type === '@xstate.actor' && event.name === name) as StatelyActorEvent | undefined;
    await until('the server is shown as connected', () =>
      statesOf(actorOf('server:a')?.sessionId).some((value) => JSON.stringify(value) === '{"connected":"quiet"}'),
    );
    expect(actorOf('server:a')?.parentId).toBe(actorOf('group:default')?.sessionId);
    // The page draws what this makes a chart of.
    const { config } = createMachine(JSON.parse(actorOf('server:a')?.definition ?? '{}'));
    expect(Object.keys(config.states ?? {})).toEqual(expect.arrayContaining([...serverStates]));
    expect(JSON.stringify(shown)).not.toContain(secret);
  });
});

/** A port that nothing listens on: the inspector's server takes a number and does not tell which one it got. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
