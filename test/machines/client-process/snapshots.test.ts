import { expect, it } from 'vitest';
import { createActor, fromCallback } from 'xstate';
import type { HolderOrder } from '../../../machines/client-process/events.ts';
import { defaultClientProcessPolicy } from '../../../machines/policy/defaults.ts';
import { charts, stateText } from '../../support/charts/chart.ts';
import { createVirtualClock } from '../../support/charts/virtual-clock.ts';
import { clientIn, states } from './states.ts';

it.each(states)('a client process in %s is the same after its snapshot was written and read as JSON', (state) => {
  const { value, context } = clientIn(state).snapshot();
  const orders: HolderOrder[] = [];
  const holder = fromCallback<HolderOrder>(({ receive }) => receive((order) => orders.push(order)));
  const chart = charts.clientProcess.provide({ actors: { holder } });
  const written = JSON.stringify({ value, context });
  const snapshot = chart.resolveState(JSON.parse(written));
  const input = { policy: defaultClientProcessPolicy, stopMs: 7_000 };
  const actor = createActor(chart, { clock: createVirtualClock(), snapshot, input }).start();
  expect([stateText(actor.getSnapshot().value), actor.getSnapshot().context, orders]).toEqual([state, context, []]);
  actor.send({ type: 'client.leave', at: 1, random: 0.5 });
  expect(actor.getSnapshot().matches('idle') || /^(heartbeat-timeout|stopping)/.test(state)).toBe(true);
  actor.stop();
});
