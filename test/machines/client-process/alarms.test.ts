import { describe, expect, it } from 'vitest';
import { clientAlarmsOf } from '../../../machines/client-process/alarms.ts';
import { clientIn, states } from './states.ts';

const alarmsIn = (state: (typeof states)[number]) => clientAlarmsOf(clientIn(state).snapshot());

describe('an alarm of the client process', () => {
  it.each(states)('is raised in a state that a person should look at, and in no other: %s', (state) => {
    const raised = alarmsIn(state).map(({ alarm }) => alarm);
    const expected = state.endsWith('.stuck') ? ['stuck'] : state === 'failed' ? ['client-failed'] : [];
    expect(raised).toEqual(expected);
  });

  it('says how often it failed, and how last', () => {
    expect(alarmsIn('failed')).toMatchObject([
      { reason: 'the client process failed 5 times in a row: another program listens there', untilMs: null },
    ]);
  });

  it('is raised while servers start one at a time', () => {
    const client = clientIn('connected.fresh');
    for (let loss = 1; loss <= 3; loss += 1) {
      expect(clientAlarmsOf(client.snapshot())).toEqual([]);
      for (const type of ['holder.lost', 'holder.cleared'] as const) client.news(type);
      client.clock.advance(client.context().delayMs);
      for (const type of ['holder.none', 'holder.forked', 'holder.connected'] as const) client.news(type);
    }
    expect(clientAlarmsOf(client.snapshot())).toMatchObject([
      { alarm: 'flapping', reason: expect.stringContaining('lost 3 times within 5 min') },
    ]);
  });
});
