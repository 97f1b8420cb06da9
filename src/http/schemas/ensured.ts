/** Whether servers are connected, asked for by name. */

import * as z from 'zod';
import { named } from './names.ts';
import { problem } from './problem.ts';

const one = z.union([
  z.strictObject({ connected: z.literal(true), error: z.null() }),
  z.strictObject({ connected: z.literal(false), error: problem }),
]);

export const ensured = named('Ensured', z.strictObject({ servers: z.record(z.string(), one) }));
