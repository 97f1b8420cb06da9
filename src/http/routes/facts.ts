/** Facts: as a stream, and from the journal. */

import * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import type { Fact, FactsMissed } from '../../observe/facts/fact.ts';
import { factTypes } from '../../observe/log/level.ts';
import { toJsonText } from '../../text/json-text.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { carry, route } from '../route.ts';
import { names, namesOf, wholeNumber } from '../schemas/common.ts';
import { journalPage, streamedFact } from '../schemas/fact.ts';
import { type StreamedEvent, streamEvents } from '../streams/event-stream.ts';
import type { RouteParts } from './parts.ts';

const mostPerPage = 1_000;
const mostAtTheEnd = 100_000;

const factTypeNames = namesOf([...factTypes]);

const seq = wholeNumber(Number.MAX_SAFE_INTEGER, 'the number of a fact');

const stream = {
  id: 'streamFacts',
  tag: 'Facts',
  method: 'GET',
  path: '/api/events',
  access: 'read',
  summary: 'Facts as they come, as server-sent events; `Last-Event-ID` or `since` resumes without gap or duplicate',
  query: z.strictObject({ actor: names.optional(), type: factTypeNames.optional(), since: seq.optional() }),
  headers: [
    {
      name: 'Last-Event-ID',
      description: 'The number of the last fact that arrived: the stream goes on behind it.',
      schema: z.string().regex(/^\d*$/),
    },
  ],
  body: null,
  answers: {
    200: {
      description: '`id` is the number of the fact, `event` its type, `data` the fact; `facts.missed` tells of a gap',
      schema: streamedFact,
      mediaType: 'text/event-stream',
    },
  },
  problems: [],
} as const satisfies Endpoint;

const journal = {
  id: 'readJournal',
  tag: 'Facts',
  method: 'GET',
  path: '/api/journal',
  access: 'read',
  summary: 'Facts that are kept, oldest first, page by page; with `tail` the last so many, on one page',
  query: z.strictObject({
    actor: names.optional(),
    type: factTypeNames.optional(),
    since: z.iso.datetime().optional(),
    until: z.iso.datetime().optional(),
    after: seq.optional(),
    limit: wholeNumber(mostPerPage, `a whole number from 1 to ${mostPerPage}`, 1).optional(),
    tail: wholeNumber(mostAtTheEnd, `a whole number from 1 to ${mostAtTheEnd}`, 1).optional(),
  }),
  body: null,
  answers: {
    200: {
      description:
        '`next` is what `after` continues with; null: there are no more. `complete` is false while the store cannot be read, and `reason` says why: these are the facts in memory then',
      schema: journalPage,
    },
  },
  problems: [],
} as const satisfies Endpoint;

export function factRoutes({ supervisor, ...streaming }: RouteParts): readonly Route[] {
  return [
    route(stream, ({ c, query }) => {
      // A browser reconnects with its first URL: the header is newer than the query.
      const since = lastEventId(c.req.header('last-event-id')) ?? query.since ?? null;
      const isWanted = (one: Fact) =>
        (query.actor?.includes(one.actor) ?? true) && (query.type?.includes(one.type) ?? true);
      return streamEvents(c, streaming, (signal) =>
        eventsOf(supervisor.facts({ signal, ...(since !== null && { since }) }), isWanted),
      );
    }),
    route(journal, async ({ c, query }) =>
      carry(
        c,
        await supervisor.journal(Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))),
      ),
    ),
  ];
}

async function* eventsOf(
  facts: AsyncIterable<Fact | FactsMissed>,
  isWanted: (fact: Fact) => boolean,
): AsyncGenerator<StreamedEvent> {
  for await (const one of facts) {
    if (one.type === 'facts.missed') yield { event: one.type, json: toJsonText(one), id: String(one.to) };
    else if (isWanted(one)) yield { event: one.type, json: toJsonText(one), id: String(one.seq) };
  }
}

function lastEventId(header: string | undefined): number | null {
  if (header === undefined || header === '') return null;
  const id = Number(header);
  if (Number.isSafeInteger(id) && id >= 0) return id;
  const problem = {
    path: 'Last-Event-ID',
    message: 'is not the number of a fact',
    hint: null,
    severity: 'error' as const,
  };
  throw new McpvisorError('INVALID_REQUEST', { problems: [problem] });
}
