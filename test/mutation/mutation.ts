/**
 * Which mutant is at work, and which ones a test passes by. One for every copy of every module, for the sources are
 * loaded more than once.
 */

interface Mutation {
  /** Its id; null: everything is as it is written. */
  active: string | null;
  /** Ids of the mutants that would have had a say; null: nobody asks. */
  passed: Set<string> | null;
}

const key = Symbol.for('mcpvisor.mutation');
const holder = globalThis as unknown as Record<symbol, Mutation | undefined>;

/** `MCPVISOR_MUTANT` names the one to replay. */
holder[key] ??= { active: process.env.MCPVISOR_MUTANT ?? null, passed: null };
export const mutation: Mutation = holder[key];

/** Asked wherever a mutant differs from what is written. */
export function isMutant(id: string): boolean {
  mutation.passed?.add(id);
  return mutation.active === id;
}
