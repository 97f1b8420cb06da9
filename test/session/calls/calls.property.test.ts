import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionsVia, ways } from '../sessions.ts';

type Step =
  | { readonly do: 'call'; readonly progress: boolean }
  | { readonly do: 'answer' | 'error' | 'progress' | 'cancel'; readonly which: number }
  | { readonly do: 'end'; readonly kind: 'close' | 'terminate' | 'kill' }
  | { readonly do: 'hang-up' }
  | { readonly do: 'turn' };

const which = fc.nat(11);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('call' as const), progress: fc.boolean() }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('answer' as const, 'error' as const, 'progress' as const, 'cancel' as const),
      which,
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'turn' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      kind: fc.constantFrom('close' as const, 'terminate' as const, 'kill' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'hang-up' as const }) },
);

const codes: readonly string[] = [
  'SERVER_NOT_CONNECTED',
  'SERVER_BUSY',
  'CALL_CANCELLED',
  'OUTCOME_UNKNOWN',
  'UPSTREAM_ERROR',
];

/** `MCPVISOR_RUNS=10000` for a longer run by hand. */
const runs = Number(process.env.MCPVISOR_RUNS ?? 100);

describe.each(ways)('a session %s', (_way, via) => {
  const { openReadyPeer } = sessionsVia(via);
  describe('calls, answers, second answers, progress, cancels and ends in any order', () => {
    it('give every call exactly one outcome, of a kind that the order allows, and no progress after it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const { session, peer, close, types, news } = await openReadyPeer({
            settings: { maxConcurrentCalls: 3, maxQueuedCalls: 4 },
          });
          const calls: {
            readonly controller: AbortController;
            readonly outcomes: unknown[];
            settled: Promise<void>;
          }[] = [];
          const perform = async (next: Step) => {
            if (next.do === 'turn') await turn();
            else if (next.do === 'end') session.end(next.kind);
            else if (next.do === 'hang-up') await peer.close();
            else if (next.do === 'cancel') calls[next.which]?.controller.abort();
            else if (next.do === 'answer') peer.answer(peer.calls[next.which], { number: next.which });
            else if (next.do === 'error')
              peer.send({ id: peer.calls[next.which]?.id ?? 1, error: { code: -1, message: 'no' } });
            else if (next.do === 'progress') peer.progress(peer.calls[next.which], next.which);
            else if (next.do === 'call') {
              const controller = new AbortController();
              const outcomes: unknown[] = [];
              const options = {
                signal: controller.signal,
                ...(next.progress ? { onProgress: () => expect(outcomes).toEqual([]) } : undefined),
              };
              const settled = session.request('tools/call', { call: calls.length }, options).then(
                (result) => void outcomes.push(result),
                (error: unknown) => void outcomes.push(error),
              );
              calls.push({ controller, outcomes, settled });
            }
          };
          for (const next of steps) {
            await perform(next);
          }
          await close();
          await Promise.all(calls.map(({ settled }) => settled));
          for (const told of news) {
            if (told.type !== 'loaded') continue;
            expect(told.queued).toBeLessThanOrEqual(4);
          }
          for (const { outcomes } of calls) {
            expect(outcomes).toHaveLength(1);
            const [outcome] = outcomes;
            if (outcome instanceof Error) expect('code' in outcome && codes.includes(String(outcome.code))).toBe(true);
          }
          expect(types().filter((type) => type === 'ended')).toHaveLength(1);
          expect(types().at(-1)).toBe('ended');
        }),
        { numRuns: runs },
      );
    });
  });
});
