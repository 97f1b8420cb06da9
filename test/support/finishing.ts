/**
 * What is cleaned up when a test is over, or the tests that share it: the same functions set up both. It is known as
 * well where several tests of a file run at the same time, which `expect.poll` of vitest is not made for: use `until`.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, onTestFinished as onOnlyTestFinished } from 'vitest';

type Clean = () => unknown;

/** Who cleans up after what is being set up. */
export const cleaning = new AsyncLocalStorage<{ onTestFinished(clean: Clean): void }>();

/** As vitest's own, which knows only one test at a time. */
export function onTestFinished(clean: Clean): void {
  const cleaner = cleaning.getStore();
  if (cleaner === undefined) onOnlyTestFinished(async () => void (await clean()));
  else cleaner.onTestFinished(async () => void (await clean()));
}

/**
 * Called beside tests: sets something up once for all of them, none of which changes it for the others. `withinMs`: the
 * time it may take, in milliseconds; default: that of hooks.
 */
export function sharedByTests<Value>(setUp: () => Promise<Value>, withinMs?: number): () => Value {
  const cleans: Clean[] = [];
  let shared: { readonly value: Value } | null = null;
  beforeAll(async () => {
    const value = await cleaning.run({ onTestFinished: (clean) => void cleans.push(clean) }, setUp);
    shared = { value };
  }, withinMs);
  afterAll(async () => {
    for (const clean of cleans.toReversed()) await clean();
  });
  return () => {
    if (shared === null) throw new Error('It is set up before the tests, and only for them.');
    return shared.value;
  };
}
