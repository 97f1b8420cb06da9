/** Random fleets of servers and what happens to them: groups, strategies, dependencies, lives, commands, plans. */

import * as fc from 'fast-check';
import type { Strategy } from '../../../machines/group/events.ts';
import type { CommandKind } from '../../../machines/server/settlement.ts';
import type { Life } from '../../support/charts/fake-system.ts';
import { life, ms, often } from '../lives.ts';

export interface FleetServer {
  readonly group: number;
  /** Each names an earlier server, counted back from this one. */
  readonly dependsOn: readonly number[];
  readonly lazy: boolean;
  readonly remote: boolean;
  readonly kind: 'permanent' | 'transient' | 'temporary';
  readonly lives: readonly Life[];
}

/** What a plan does: `strategy` to a group, all others to a server. */
export type PlanAct =
  | 'changed'
  | 'soft'
  | 'moved'
  | 'removed'
  | 'added'
  | 'depends'
  | 'disabled'
  | 'enabled'
  | 'strategy';

export interface FleetStep {
  readonly waitMs: number;
  readonly act: 'nothing' | CommandKind | PlanAct | 'needed' | 'resumed' | 'group.reset';
  readonly target: number;
  readonly other: number;
}

export interface FleetScenario {
  readonly servers: readonly FleetServer[];
  readonly groups: readonly { readonly strategy: Strategy; readonly intensity: number }[];
  readonly steps: readonly FleetStep[];
  readonly chances: readonly number[];
  readonly slots: number;
}

const server: fc.Arbitrary<FleetServer> = fc.record({
  group: fc.integer({ min: 0, max: 2 }),
  dependsOn: fc.oneof(fc.constant([]), fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 })),
  lazy: often(false, true),
  remote: often(false, true),
  kind: often<FleetServer['kind']>('permanent', 'transient', 'temporary'),
  lives: fc.array(life, { minLength: 1, maxLength: 3 }),
});

const step: fc.Arbitrary<FleetStep> = fc.record({
  waitMs: fc.oneof(ms(600), ms(6_000), ms(60_000)),
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constant<FleetStep['act']>('nothing') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<FleetStep['act']>(
        ...(['start', 'start', 'stop', 'restart', 'retry', 'reset', 'needed'] as const),
        ...([
          'changed',
          'soft',
          'moved',
          'removed',
          'added',
          'depends',
          'disabled',
          'enabled',
          'strategy',
          'resumed',
          'group.reset',
        ] as const),
      ),
    },
  ),
  target: fc.nat(7),
  other: fc.nat(7),
});

export const scenario: fc.Arbitrary<FleetScenario> = fc.record({
  servers: fc.array(server, { minLength: 1, maxLength: 8 }),
  groups: fc.tuple(...[0, 1, 2].map(() => groupArbitrary())),
  steps: fc.array(step, { minLength: 5, maxLength: 50 }),
  chances: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
  slots: fc.integer({ min: 1, max: 3 }),
});

function groupArbitrary() {
  return fc.record({
    strategy: fc.constantFrom<Strategy>('one-for-one', 'rest-for-one', 'one-for-all', 'one-for-all'),
    intensity: fc.constantFrom(0, 2, 10),
  });
}
