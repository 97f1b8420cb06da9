/** The outcomes of one command for many servers. */

import * as z from 'zod';
import { named } from './names.ts';

const outcome = z.union([
  z.strictObject({ server: z.string(), commandId: z.string(), outcome: z.enum(['done', 'superseded']).nullable() }),
  z.strictObject({ server: z.string(), error: z.looseObject({ code: z.string() }) }),
]);

export const eventOutcomes = named('EventOutcomes', z.strictObject({ outcomes: z.array(outcome) }));
