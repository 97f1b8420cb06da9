/**
 * What tracing adds to a transition: `npx tsx test/observe/inspection-cost.ts`. A toggle between two states, sent to an actor without and with an
 * inspection that publishes to a stream with one waiting reader, in turn; the median of the rounds of each. Budget: 10 µs per transition.
 */

import { createActor, createMachine } from 'xstate';
import { createFacts } from '../../src/observe/facts.ts';
import { createInspection } from '../../src/observe/inspection.ts';

const eventsPerRound = 100_000;
const rounds = 7;

const server = createMachine({
  id: 'server',
  context: { generation: 1, failure: null },
  initial: 'connected',
  states: {
    connected: { initial: 'quiet', states: { quiet: { on: { 'session.heard': 'probing' } }, probing: { on: { 'session.heard': 'quiet' } } } },
  },
});

function microsecondsPerEvent(isInspected: boolean): number {
  const facts = createFacts();
  const { inspect } = createInspection({ publish: facts.publish });
  const actor = createActor(server, { systemId: 'server:files', ...(isInspected ? { inspect } : {}) }).start();
  void facts.read().next();
  const startMs = performance.now();
  for (let count = 0; count < eventsPerRound; count += 1) actor.send({ type: 'session.heard' });
  const spentMs = performance.now() - startMs;
  actor.stop();
  return (spentMs * 1000) / eventsPerRound;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN;
}

const bare: number[] = [];
const inspected: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  for (const isInspected of round % 2 === 0 ? [false, true] : [true, false]) (isInspected ? inspected : bare).push(microsecondsPerEvent(isInspected));
}
const [without, withInspection] = [medianOf(bare), medianOf(inspected)];
process.stdout.write(
  `bare ${without.toFixed(2)} µs, inspected ${withInspection.toFixed(2)} µs, added ${(withInspection - without).toFixed(2)} µs per transition\n`,
);
