/** RFC 9457 problem documents. */

import * as z from 'zod';
import { errorCodes } from '../problem.ts';
import { named } from './names.ts';

export const problem = named(
  'Problem',
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(errorCodes),
  }),
);
