/** Failures, in the status of a server and in facts. */

import * as z from 'zod';
import { failureClasses, phases } from '../../../machines/failure.ts';

export const failureFields = {
  class: z.enum(failureClasses),
  message: z.string(),
  phase: z.enum(phases).nullable(),
  code: z.union([z.string(), z.number()]).nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  stderrTail: z.array(z.string()),
};
