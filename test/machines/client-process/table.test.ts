import { describe, expect, it } from 'vitest';
import type { ClientProcessEvent } from '../../../machines/client-process/events.ts';
import { clientExampleEvents } from '../../../machines/client-process/example-events.ts';
import { clientIn, type State, states } from './states.ts';

type EventType = ClientProcessEvent['type'];

/** The state that follows; `stays`: it is heard without leaving the state. What is not there is not heard at all. */
type Row = Partial<Record<EventType, State | 'stays'>>;

const everywhere: Row = { 'client.configure': 'stays', 'machine.resumed': 'stays' };
const resting: Row = {
  ...everywhere,
  'client.start': 'starting.probing',
  'client.restart': 'starting.probing',
  'client.shutdown': 'idle',
  'client.leave': 'idle',
};
const starting: Row = {
  ...everywhere,
  'client.start': 'stays',
  'client.restart': 'stopping.ending',
  'client.shutdown': 'stopping.ending',
  'client.leave': 'idle',
  'holder.lost': 'stopping.clearing',
};
const connected: Row = {
  ...starting,
  'client.configure': 'connected.fresh',
  'machine.resumed': 'connected.fresh',
  'client.drain': 'draining',
  'holder.beat': 'connected.fresh',
  'holder.disconnected': 'starting.probing',
};
const clearing: Row = {
  ...everywhere,
  'client.start': 'stays',
  'client.restart': 'stays',
  'client.shutdown': 'stays',
  'client.leave': 'stays',
  'holder.lost': 'stays',
  'holder.cleared': 'backoff.delaying',
};

const table: Record<State, Row> = {
  idle: { ...resting, 'client.shutdown': 'stays', 'client.leave': 'stays' },
  'starting.probing': {
    ...starting,
    'client.restart': 'stays',
    'holder.found': 'starting.adopting',
    'holder.none': 'starting.forking',
    'holder.outdated': 'draining',
    'holder.ending': 'starting.awaiting',
    'holder.refused': 'backoff.delaying',
  },
  'starting.awaiting': { ...starting, 'holder.none': 'starting.forking' },
  'starting.adopting': {
    ...starting,
    'holder.connected': 'connected.fresh',
    'holder.disconnected': 'starting.probing',
  },
  'starting.forking': { ...starting, 'holder.forked': 'starting.handshaking' },
  'starting.handshaking': {
    ...starting,
    'holder.connected': 'connected.fresh',
    'holder.disconnected': 'stopping.clearing',
  },
  'connected.fresh': connected,
  'connected.late': connected,
  draining: {
    ...everywhere,
    'client.start': 'stays',
    'client.restart': 'stopping.ending',
    'client.drain': 'stays',
    'client.shutdown': 'stopping.ending',
    'client.leave': 'idle',
    'holder.beat': 'stays',
    'holder.drained': 'stopping.ending',
    'holder.lost': 'stopping.clearing',
    'holder.disconnected': 'stopping.ending',
  },
  'heartbeat-timeout.clearing': clearing,
  'heartbeat-timeout.stuck': clearing,
  'stopping.ending': {
    ...clearing,
    'holder.lost': 'stopping.clearing',
    'holder.disconnected': 'stays',
    'holder.beat': 'stays',
    'holder.gone': 'starting.probing',
    // From a `clear` of the same try.
    'holder.cleared': 'starting.probing',
  },
  'stopping.clearing': clearing,
  'stopping.stuck': clearing,
  'backoff.delaying': resting,
  failed: resting,
};

describe.each(states)('an event in %s', (state) => {
  it.each(clientExampleEvents.map((event) => ({ event, type: event.type })))('$type', ({ event }) => {
    const client = clientIn(state);
    const before = client.context();
    client.send(event.type, { ...event, generation: before.generation, at: client.clock.now() });
    expect(client.bugs).toEqual([]);
    const cell = table[state][event.type];
    expect(client.ignored).toEqual(cell === undefined ? [event.type] : []);
    expect(client.state()).toBe(cell === undefined || cell === 'stays' ? state : cell);
    if (cell === undefined) expect(client.context()).toEqual(before);
  });

  it.each(clientExampleEvents.filter(({ type }) => type.startsWith('holder.')))(
    '$type of an older try changes nothing',
    (event) => {
      const client = clientIn(state);
      const before = client.context();
      client.send(event.type, { ...event, generation: before.generation - 1 });
      expect([client.state(), client.context(), client.orders, client.reports]).toEqual([state, before, [], []]);
    },
  );
});
