/** Facts, as they are streamed and kept. */

import * as z from 'zod';
import { named, time } from './names.ts';

export const fact = named('Fact', z.looseObject({ seq: z.int(), at: time, actor: z.string(), type: z.string() }));

export const factsMissed = named(
  'FactsMissed',
  z.strictObject({ type: z.literal('facts.missed'), from: z.int(), to: z.int(), count: z.int() }),
);

export const journalPage = named('JournalPage', z.strictObject({ facts: z.array(fact), next: z.int().nullable() }));
