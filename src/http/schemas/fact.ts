/** Facts, as they are streamed and kept: one schema for each type. */

import * as z from 'zod';
import { factFields } from './fact-fields.ts';
import { named, time } from './names.ts';

/** Fields of a later version are kept. */
const every = {
  seq: z.int(),
  at: time,
  actor: z.string(),
  /** Of the session it is about. */
  generation: z.int().optional(),
};

const types = Object.entries(factFields).map(([type, fields]) =>
  named(nameOf(type), z.looseObject({ ...every, type: z.literal(type), ...fields })),
);

const [first, ...others] = types;
if (first === undefined) throw new Error('there is no type of fact');

const fact = named('Fact', z.discriminatedUnion('type', [first, ...others]));

/** What a client of another version can read of any fact. */
export const anyFact = z.looseObject({ seq: z.int(), at: time, actor: z.string(), type: z.string() });

export const anyJournalPage = z.looseObject({ facts: z.array(anyFact), reason: z.string().nullish() });

export const factsMissed = named(
  'FactsMissed',
  z.strictObject({ type: z.literal('facts.missed'), from: z.int(), to: z.int(), count: z.int() }),
);

export const streamedFact = named('StreamedFact', z.union([fact, factsMissed]));

export const journalPage = named(
  'JournalPage',
  z.strictObject({
    facts: z.array(fact),
    next: z.int().nullable(),
    complete: z.boolean(),
    reason: z.string().nullable(),
  }),
);

/** `server.added` is `ServerAddedFact`. */
function nameOf(type: string): string {
  const words = type.split('.').map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `${words.join('')}Fact`;
}
