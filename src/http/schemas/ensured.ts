/** Whether servers are connected, asked for by name. */

import * as z from 'zod';
import { named } from './names.ts';
import { problem } from './problem.ts';

const one = z.union([
  named('EnsuredConnected', z.strictObject({ connected: z.literal(true), error: z.null() })),
  named('EnsuredNot', z.strictObject({ connected: z.literal(false), error: problem })),
]);

export const ensured = named('Ensured', z.strictObject({ servers: z.record(z.string(), one) }));
