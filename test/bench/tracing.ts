/** What tracing adds to a transition of a chart, and what one fact costs. */

import { createActor, createMachine } from 'xstate';
import { createFacts } from '../../src/observe/facts/facts.ts';
import { createInspection } from '../../src/observe/facts/inspection.ts';
import { atMost, type Bench, type Figures } from './bench.ts';

const events = 200_000;

/** The two states of a heartbeat, without its effects. */
const server = createMachine({
  id: 'server',
  context: { generation: 1, failure: null },
  initial: 'connected',
  states: {
    connected: {
      initial: 'quiet',
      states: { quiet: { on: { 'session.heard': 'probing' } }, probing: { on: { 'session.heard': 'quiet' } } },
    },
  },
});

export const tracing: Bench = {
  about: 'a transition with and without the inspection that makes facts of it, one reader waiting',
  rounds: 5,
  variants: { bare: () => measureTransitions(false), traced: () => measureTransitions(true), fact: measureFacts },
  judge: (results) => {
    const added = results.difference('eachUs', 'traced', 'bare');
    const us = (variant: string) => results.median(variant, 'eachUs').toFixed(2);
    return [
      {
        what: 'added to a transition',
        measured: `${added.toFixed(2)} µs (${us('traced')} / ${us('bare')} µs)`,
        budget: atMost(added, 10, ' µs'),
      },
      { what: 'one fact published', measured: `${us('fact')} µs`, budget: null },
    ];
  },
};

async function measureTransitions(isTraced: boolean): Promise<Figures> {
  const facts = createFacts();
  const { inspect } = createInspection({ publish: facts.publish });
  const actor = createActor(server, { systemId: 'server:files', ...(isTraced ? { inspect } : {}) }).start();
  void facts.read().next();
  const eachUs = microsecondsEach(() => actor.send({ type: 'session.heard' }));
  actor.stop();
  return { eachUs };
}

async function measureFacts(): Promise<Figures> {
  const facts = createFacts();
  void facts.read().next();
  return {
    eachUs: microsecondsEach(() =>
      facts.publish({
        type: 'call.started',
        actor: 'server:files',
        generation: 1,
        callId: 1,
        method: 'tools/call',
        tool: 'read_file',
      }),
    ),
  };
}

/** Of CPU: nothing here waits, and so the figure is the same beside other programs. */
function microsecondsEach(act: () => void): number {
  const before = process.cpuUsage();
  for (let count = 0; count < events; count += 1) act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / events;
}
