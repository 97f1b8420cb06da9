import { describe, expect, it } from 'vitest';
import { createActor, fromCallback, initialTransition, transition } from 'xstate';
import { defaultPolicy, exampleEvents, serverMachine, toDefinition } from '../../machines/index.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { policyOf } from '../../src/supervisor/desired/policy.ts';

describe('the charts for tools', () => {
  it('start with the default policy, without a configuration', () => {
    const chart = serverMachine.provide({ actors: { session: fromCallback(() => undefined) } });
    const actor = createActor(chart, { input: { name: 'a', policy: defaultPolicy, wanted: 'up' } }).start();
    expect(actor.getSnapshot().value).toEqual({ idle: 'queued' });
    actor.stop();
  });

  it('have an example of each event that the chart takes, and nothing else', () => {
    const taken = toDefinition(serverMachine)
      .states.flatMap(({ edges }) => edges.map(({ event }) => event))
      .filter((event) => !/^(always|after )/.test(event));
    expect([...new Set(taken)].toSorted()).toEqual(exampleEvents.map(({ type }) => type).toSorted());
  });

  it('reach connected by the example events alone', () => {
    let [snapshot] = initialTransition(serverMachine, { name: 'a', policy: defaultPolicy, wanted: 'up' });
    for (const type of ['slot.granted', 'session.spawned', 'session.initialized', 'session.ready']) {
      const event = exampleEvents.find((one) => one.type === type);
      if (event === undefined) throw new Error(`no example of ${type}`);
      [snapshot] = transition(serverMachine, snapshot, event);
    }
    expect(snapshot.matches('connected')).toBe(true);
  });

  it('have the defaults of the configuration', () => {
    const { config } = parseConfig('{"mcpServers": {"a": {"command": "a"}}}', { folder: '/' });
    const specification = config?.servers.get('a');
    expect(specification && policyOf(specification, { related: false, approval: null })).toMatchObject(defaultPolicy);
  });
});
