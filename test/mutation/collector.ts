/**
 * Stands where vitest stands when the tests of the charts run many times in one process: keeps them, to be run one by
 * one, as often as wanted.
 */

type Body = (...arguments_: never[]) => unknown;
type Hook = 'beforeAll' | 'beforeEach' | 'afterEach';

interface Scope {
  readonly name: string;
  readonly parent: Scope | null;
  readonly hooks: Record<Hook, (() => unknown)[]>;
  /** The round in which `beforeAll` was done. */
  readyIn: unknown;
}

export interface CollectedTest {
  readonly name: string;
  /** A round is one mutant: `beforeAll` is done once in each. */
  readonly run: (round: unknown) => Promise<void>;
}

export const collected: CollectedTest[] = [];

let current: Scope = scopeOf('', null);

function scopeOf(name: string, parent: Scope | null): Scope {
  return { name, parent, hooks: { beforeAll: [], beforeEach: [], afterEach: [] }, readyIn: null };
}

/** Everything that `fill` registers belongs to the file. */
export async function inFile(name: string, fill: () => Promise<unknown>): Promise<void> {
  const outer = current;
  current = scopeOf(name, null);
  await fill();
  current = outer;
}

function chainOf(scope: Scope): readonly Scope[] {
  return scope.parent === null ? [scope] : [...chainOf(scope.parent), scope];
}

function register(name: string, body: () => unknown): void {
  const chain = chainOf(current);
  const run = async (round: unknown) => {
    for (const scope of chain) {
      if (scope.readyIn === round) continue;
      for (const hook of scope.hooks.beforeAll) await hook();
      scope.readyIn = round;
    }
    try {
      for (const scope of chain) for (const hook of scope.hooks.beforeEach) await hook();
      await body();
    } finally {
      for (const scope of chain) for (const hook of scope.hooks.afterEach) await hook();
    }
  };
  collected.push({ name: [...chain.map((scope) => scope.name), name].join(' › '), run });
}

function group(name: string, fill: () => unknown): void {
  const outer = current;
  current = scopeOf(name, outer);
  fill();
  current = outer;
}

/** Options, which may come before the body or after it, are about time. */
function bodyIn(rest: readonly unknown[]): Body {
  return rest.find((one) => typeof one === 'function') as Body;
}

function eachOf(take: (name: string, body: () => unknown) => void) {
  return (rows: readonly unknown[]) =>
    (name: string, ...rest: readonly unknown[]) => {
      for (const [index, row] of rows.entries()) {
        const arguments_ = (Array.isArray(row) ? row : [row]) as never[];
        take(`${name} #${index}`, () => bodyIn(rest)(...arguments_));
      }
    };
}

const hookOf =
  (hook: Hook) =>
  (body: () => unknown): void => {
    current.hooks[hook].push(body);
  };

export const beforeAll = hookOf('beforeAll');
export const beforeEach = hookOf('beforeEach');
export const afterEach = hookOf('afterEach');
export const it = Object.assign(
  (name: string, ...rest: readonly unknown[]) => register(name, bodyIn(rest) as () => unknown),
  { each: eachOf(register) },
);
export const describe = Object.assign(
  (name: string, ...rest: readonly unknown[]) => group(name, bodyIn(rest) as () => unknown),
  { each: eachOf(group) },
);
export { expect } from 'vitest';
