import { describe, expect, it } from 'vitest';
import { type Life, reusedGenerations, type ToldFact, violationsIn } from './facts.ts';

const actor = 'server:a';

function lifeOf(facts: readonly Partial<ToldFact>[], more: Partial<Life> = {}): Life {
  const whole = facts.map((fact, index): ToldFact => ({ type: 'none', actor, seq: index + 1, ...fact }));
  return { facts: whole, isKilled: false, leavesRecord: false, end: 0, ...more };
}

const spawned = (generation: number, pid = generation) => ({ type: 'process.spawned', generation, pid });
const closed = (generation: number) => ({ type: 'session.closed', generation });
const moved = (from: string, to: string, generation = 1) => ({ type: 'server.transitioned', from, to, generation });
const accepted = { type: 'command.accepted', commandId: 'c' };
const settled = { type: 'command.settled', commandId: 'c', outcome: 'done' };

describe('the facts of a life', () => {
  it('are in order when each generation is closed before the next, and all that began is settled', () => {
    const facts = [
      spawned(1),
      accepted,
      moved('starting', 'connected'),
      { type: 'call.started', callId: 1 },
      { type: 'call.settled', callId: 1 },
      settled,
      moved('connected', 'backoff'),
      closed(1),
      spawned(2),
    ];
    expect(violationsIn(lifeOf(facts))).toEqual([]);
  });

  for (const [what, facts, words] of [
    ['a generation is spawned beside another', [spawned(1), spawned(2)], 'spawned while generation 1 was open'],
    ['a generation comes again', [spawned(2), closed(2), spawned(2, 9)], 'a generation did not grow'],
    ['a command is settled twice', [accepted, settled, settled], 'settled twice, or from nowhere'],
    ['a command is never settled', [accepted], 'never settled'],
    ['a call is never settled', [{ type: 'call.started', callId: 1 }], 'never settled'],
    ['a number is left out', [{ seq: 1 }, { seq: 3 }], 'a fact does not follow the one before'],
    ['a state is left from where it was not', [moved('idle', 'starting'), moved('idle', 'backoff')], 'and not there'],
    ['an actor died', [{ type: 'actor.died' }], 'an actor died of a bug'],
  ] as const)
    it(`are not when ${what}`, () => {
      expect(violationsIn(lifeOf(facts))).toEqual([expect.stringContaining(words)]);
    });

  it('may leave open what nobody could settle after a SIGKILL', () => {
    expect(violationsIn(lifeOf([accepted], { isKilled: true, end: 'SIGKILL' }))).toEqual([]);
  });

  it('may tell the news of an adopted session again', () => {
    expect(violationsIn(lifeOf([spawned(3), spawned(3)]))).toEqual([]);
  });

  it('say nothing of pairs and numbers to a reader that missed some', () => {
    expect(violationsIn(lifeOf([accepted, { type: 'facts.missed', seq: 9 }]))).toEqual([]);
  });
});

describe('the facts of two lives', () => {
  const before = lifeOf([spawned(4, 44), moved('starting', 'connected', 4)], {
    isKilled: true,
    leavesRecord: true,
  });
  const adopted = { type: 'client.transitioned', from: 'starting.adopting', to: 'connected.fresh' };

  it('are in order when the second goes on from the generation of a connected server, or adopts it', () => {
    expect(reusedGenerations(before, lifeOf([spawned(5)]))).toEqual([]);
    expect(reusedGenerations(before, lifeOf([spawned(4, 44)]))).toEqual([]);
  });

  it('are not when the second gives its generation to another process', () => {
    const violations = reusedGenerations(before, lifeOf([spawned(4, 55)]));
    expect(violations).toEqual([expect.stringContaining('a generation was given twice')]);
  });

  it('may begin again at 1 once a client process has ended everything in order, but not when it is adopted', () => {
    const left = { ...before, leavesRecord: false };
    expect(reusedGenerations(left, lifeOf([spawned(4, 55)]))).toEqual([]);
    const violations = reusedGenerations(left, lifeOf([adopted, spawned(4, 55)]));
    expect(violations).toEqual([expect.stringContaining('a generation was given twice')]);
  });
});
