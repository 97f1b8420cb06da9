/** Where the root of the tree is. */

import { waitFor } from 'xstate';
import { pathOf, topOf } from '../../../machines/state-path.ts';
import type { Status } from '../contract.ts';
import type { RootActor } from './system.ts';

export function placeOfRoot(root: RootActor): Pick<Status, 'state' | 'substate'> {
  const [state = 'unknown', ...below] = pathOf(root.getSnapshot().value).split('.');
  return { state, substate: below.length === 0 ? null : below.join('.') };
}

/** Resolves when the root is in one of these states, or in none any more; it never leaves the last ones. */
export async function reached(root: RootActor, states: readonly string[]): Promise<void> {
  // One that died of a bug reaches nothing any more: whoever waits has to go on.
  await waitFor(root, ({ value }) => states.includes(topOf(pathOf(value)))).catch(() => undefined);
}
