import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { soughtBy } from '../../machines/server/looking.ts';
import { scenario } from './fleet/fleet.ts';
import { type Played, play } from './fleet/play.ts';
import { settled } from './tree/tree.ts';

/**
 * `MCPVISOR_RUNS=1000` for a million steps and more, `MCPVISOR_SEED` and `MCPVISOR_PATH` to replay what a failure
 * printed.
 */
const { MCPVISOR_RUNS, MCPVISOR_SEED, MCPVISOR_PATH } = process.env;
const parameters = {
  numRuns: Number(MCPVISOR_RUNS ?? 120),
  ...(MCPVISOR_SEED === undefined ? {} : { seed: Number(MCPVISOR_SEED) }),
  ...(MCPVISOR_PATH === undefined ? {} : { path: MCPVISOR_PATH }),
};

/**
 * Servers that should be connected, since no person keeps them from it, but are not; and those that should rest, but do
 * not.
 */
function stranded({ tree, fleet }: Played): readonly string[] {
  return fleet()
    .servers.map(({ name }) => name)
    .filter((name) => {
      const state = tree.serverState(name);
      if (state === null) return true;
      const { wanted, policy, blockedBy } = tree.serverContext(name);
      if (state.endsWith('.stuck')) return false;
      if (wanted === 'down') return state !== 'idle.resting';
      if (state === 'connected' || state.startsWith('connected.')) return false;
      // What these lack is there now.
      if (/^(failed|needs-auth)/.test(state)) return soughtBy(tree.serverContext(name)) !== null;
      if (state === 'idle.resting' && (policy.lazy || policy.restart.kind !== 'permanent')) return false;
      return !(state.endsWith('.waiting') && (blockedBy !== null || waitsForStuck(tree, name)));
    });
}

/** A process that cannot be killed keeps the dependents of its server waiting. */
function waitsForStuck(tree: Played['tree'], name: string): boolean {
  const { waitingFor, heldFor } = tree.serverContext(name);
  return [...waitingFor, ...heldFor].some(
    (other) => tree.serverState(other)?.endsWith('.stuck') === true || waitsForStuck(tree, other),
  );
}

/**
 * Commands that were accepted and did not settle exactly once. A stop stays open as long as the process cannot be
 * killed, also of a server that is removed.
 */
function unsettled({ tree, systems }: Played): readonly string[] {
  const stuck = [...systems.keys()].filter((name) => tree.serverState(name)?.endsWith('.stuck') === true);
  const open = new Set(stuck.flatMap((name) => tree.serverContext(name).open.map(({ id }) => id)));
  return [...tree.commands]
    .filter(([id, told]) => !open.has(id) && (told.length !== 2 || told[0] !== 'accepted'))
    .map(([id, told]) => `${id}: ${told.join()}`);
}

describe('a fleet on an operating system that does its worst', () => {
  it('keeps every invariant after every step, comes to rest once the world is well, and ends in order', {
    timeout: 1_800_000,
  }, async () => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async (one) => {
        const played = await play(one);
        const { tree, judge, heal, fleet, systems } = played;
        try {
          heal();
          tree.clock.advance(900_000);
          const left = stranded(played).map((name) => `${name} in ${tree.serverState(name)}`);
          tree.send({ type: 'supervisor.shutdown' });
          // Groups tell a few members in each turn of the loop.
          await settled();
          tree.clock.advance(30_000);
          expect(tree.rootError()).toBeNull();
          expect(judge.breaches).toEqual([]);
          expect(left, 'stranded').toEqual([]);
          expect(unsettled(played)).toEqual([]);
          expect(tree.state()).toBe('closed');
          // What does not end before the deadline is killed outside this tree.
          const running =
            tree.kills() > 0
              ? []
              : fleet().servers.filter(
                  ({ name }) => (systems.get(name)?.living() ?? 0) > 0 && systems.get(name)?.life()?.deafTo !== 'KILL',
                );
          expect(running.map(({ name }) => name)).toEqual([]);
        } finally {
          steps += judge.steps();
          tree.stop();
        }
      }),
      parameters,
    );
    if (MCPVISOR_PATH !== undefined || MCPVISOR_RUNS !== undefined) process.stdout.write(`${steps} steps of actors\n`);
    else expect(steps).toBeGreaterThan(100_000);
  });
});
