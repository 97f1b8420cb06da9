/** Where the root of the tree is. */

import { pathOf } from '../../../machines/state-path.ts';
import type { Assembly } from '../assembly.ts';
import type { Status } from '../contract.ts';

export function placeOfRoot({ actors }: Pick<Assembly, 'actors'>): Pick<Status, 'state' | 'substate'> {
  const [state = 'unknown', ...below] = pathOf(actors.root.getSnapshot().value).split('.');
  return { state, substate: below.length === 0 ? null : below.join('.') };
}

/** Resolves when the root is in one of these states; it never leaves the last ones. */
export function reached(parts: Pick<Assembly, 'actors'>, states: readonly string[]): Promise<void> {
  if (states.includes(placeOfRoot(parts).state)) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!states.includes(placeOfRoot(parts).state)) return;
      subscription.unsubscribe();
      resolve();
    };
    const subscription = parts.actors.root.subscribe({ next: look, error: () => resolve() });
  });
}
