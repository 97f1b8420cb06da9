/** What servers wrote on stderr, across restarts. */

import * as z from 'zod';
import type { Endpoint, Route } from '../endpoint.ts';
import { carry, route } from '../route.ts';
import { flag, wholeNumber } from '../schemas/common.ts';
import { logLine, logLines } from '../schemas/log.ts';
import { type StreamedEvent, streamEvents } from '../streams/event-stream.ts';
import type { RouteParts } from './parts.ts';

const mostLines = 10_000;
const usualLines = 100;

const logs = {
  id: 'readLogs',
  tag: 'Servers',
  method: 'GET',
  path: '/api/servers/{name}/logs',
  access: 'read',
  summary: `The last \`tail\` lines (${usualLines}) of a server's stderr and notable protocol lines; with \`follow\`, further ones as server-sent events`,
  query: z.strictObject({
    tail: wholeNumber(mostLines, `a whole number up to ${mostLines}`).optional(),
    follow: flag.optional(),
  }),
  body: null,
  answers: {
    200: [
      { description: 'Oldest first', schema: logLines },
      { description: 'Events `line`; `lines.missed` tells of a gap', schema: logLine, mediaType: 'text/event-stream' },
    ],
  },
  problems: ['SERVER_NOT_FOUND'],
} as const satisfies Endpoint;

export function logRoutes({ supervisor, ...streaming }: RouteParts): readonly Route[] {
  return [
    route(logs, async ({ c, param, query }) => {
      const { tail = usualLines, follow = false } = query;
      // Throws for an unknown name before anything is streamed.
      const { name } = supervisor.status(param('name'));
      if (follow)
        return streamEvents(c, streaming, (signal) => eventsOf(supervisor.followLogs(name, { tail, signal })));
      return carry(c, { lines: await supervisor.logs(name, { tail }) });
    }),
  ];
}

async function* eventsOf(entries: AsyncIterable<object>): AsyncGenerator<StreamedEvent> {
  for await (const entry of entries)
    yield { event: 'text' in entry ? 'line' : 'lines.missed', json: JSON.stringify(entry) };
}
