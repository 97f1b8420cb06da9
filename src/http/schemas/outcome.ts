/** The outcomes of one command for many servers. */

import * as z from 'zod';
import { named } from './names.ts';
import { problem } from './problem.ts';
import { lastFailure, serverState } from './server.ts';

/** The server as the answer is written; null: no server has that name. */
const now = { state: serverState.nullable(), lastFailure: lastFailure.nullable() };

const accepted = named(
  'EventAccepted',
  z.strictObject({
    server: z.string(),
    commandId: z.string(),
    outcome: z.enum(['done', 'superseded']).nullable(),
    ...now,
  }),
);
const refused = named('EventRefused', z.strictObject({ server: z.string(), error: problem, ...now }));

export const eventOutcomes = named(
  'EventOutcomes',
  z.strictObject({ outcomes: z.array(z.union([accepted, refused])) }),
);
