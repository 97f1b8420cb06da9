/** Room for what a server has begun to say. */

import { type Account, type BudgetLimits, createBudget } from '../../src/session/budget.ts';

/** Enough for every test that is not about it. */
export const plenty: BudgetLimits = { each: 1e9, all: 1e9 };

export function roomOf(limits: BudgetLimits = plenty): Account {
  return createBudget(limits).open('peer');
}
