/** Making sure that servers are connected, before work is sent to them. */

import * as z from 'zod';
import type { Endpoint, Route } from '../endpoint.ts';
import { toProblemDocument } from '../problem.ts';
import { baseOf, reply, route } from '../route.ts';
import { noQuery, serverNames, timeoutMs } from '../schemas/common.ts';
import { ensured as ensuredSchema } from '../schemas/ensured.ts';
import { named } from '../schemas/names.ts';
import type { RouteParts } from './parts.ts';

const ensureBody = z.strictObject({
  servers: serverNames.min(1),
  timeoutMs: timeoutMs.optional(),
  retries: z.boolean().optional(),
});

const ensure = {
  id: 'ensureConnected',
  tag: 'Servers',
  method: 'POST',
  path: '/api/ensure',
  access: 'operate',
  summary:
    'Start lazy servers and wait until those named are connected, through their next tries unless `retries` is false',
  query: noQuery,
  body: named('Ensure', ensureBody),
  answers: { 200: { description: 'For each name whether it is connected, or why not', schema: ensuredSchema } },
  problems: [],
} as const satisfies Endpoint;

export function ensureRoutes({ supervisor }: RouteParts): readonly Route[] {
  return [
    route(ensure, async ({ c, body, signal }) => {
      const { servers, timeoutMs: patienceMs, retries } = body;
      const ensured = await supervisor.ensureConnected(servers, {
        settle: 'all',
        signal,
        ...(patienceMs !== undefined && { timeoutMs: patienceMs }),
        ...(retries !== undefined && { retries }),
      });
      const outcomes = [...ensured].map(
        ([server, { connected, error }]) =>
          [server, { connected, error: error === null ? null : toProblemDocument(error, baseOf(c)) }] as const,
      );
      return reply(c, { servers: Object.fromEntries(outcomes) });
    }),
  ];
}
