/** Snapshots of servers in any state: no actor runs. */

import type { SnapshotFrom, StateValue } from 'xstate';
import { toDefinition } from '../../../machines/chart/definition.ts';
import type { ServerContext } from '../../../machines/server/context.ts';
import { contextOf } from '../../../machines/server/life.ts';
import { charts, policyOf } from '../../support/charts/chart.ts';

/** Paths of the innermost states in which a server is seen from outside. */
export function innermostStates(): readonly string[] {
  const { states } = toDefinition(charts.server);
  return states.filter(({ initial, path }) => initial === null && path !== 'deciding').map(({ path }) => path);
}

/** A server that is wanted up and waits for nothing, except for the changes of a test. */
export function snapshotIn(path: string, context: Partial<ServerContext> = {}): SnapshotFrom<typeof charts.server> {
  const usual = contextOf({ name: 'a', policy: policyOf(), wanted: 'up' });
  return charts.server.resolveState({ value: stateValueOf(path), context: { ...usual, autostart: false, ...context } });
}

function stateValueOf(path: string): StateValue {
  const [top = '', below] = path.split('.');
  return below === undefined ? top : { [top]: below };
}
