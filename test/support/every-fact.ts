/** The query of a journal that leaves nothing out. */

import type { FactQuery } from '../../src/store/contract.ts';

export const everyFact: FactQuery = {
  actors: null,
  types: null,
  since: null,
  until: null,
  after: 0,
  before: null,
  newestFirst: false,
  limit: 10_000,
};
