/** The state of the root actor. */

import { waitFor } from 'xstate';
import { pathOf, topOf } from '../../../machines/state-path.ts';
import type { Status } from '../contract.ts';
import type { RootActor } from './system.ts';

export function placeOfRoot(root: RootActor): Pick<Status, 'state' | 'substate'> {
  const [state = 'unknown', ...below] = pathOf(root.getSnapshot().value).split('.');
  return { state, substate: below.length === 0 ? null : below.join('.') };
}

/** Resolves when the root is in one of these states, or will never be because it has stopped. Never rejects. */
export async function reached(root: RootActor, states: readonly string[]): Promise<void> {
  // A root that died of a bug reaches no state any more; the caller has to go on.
  await waitFor(root, ({ value }) => states.includes(topOf(pathOf(value)))).catch(() => undefined);
}
