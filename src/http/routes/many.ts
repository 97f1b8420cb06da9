/** One command for many servers: start all, stop all. */

import * as z from 'zod';
import type { Endpoint, Route } from '../endpoint.ts';
import { toProblemDocument } from '../problem.ts';
import { route } from '../route.ts';
import { waitMs } from '../schemas/common.ts';
import { named } from '../schemas/names.ts';
import { eventOutcomes } from '../schemas/outcome.ts';
import { commandType } from '../schemas/server.ts';
import { settledWithin } from '../settling.ts';
import type { RouteParts } from './parts.ts';

const send = {
  id: 'sendEvents',
  method: 'POST',
  path: '/api/events',
  access: 'operate',
  summary: 'Send a command to many servers; with `wait`, answer when all have settled',
  query: z.strictObject({ wait: waitMs.optional() }),
  body: named('Events', z.strictObject({ type: commandType, servers: z.array(z.string()).min(1) })),
  answers: { 200: { description: 'One outcome each; null: not settled yet', schema: eventOutcomes } },
  problems: [],
} as const satisfies Endpoint;

export function manyRoutes({ supervisor }: RouteParts): readonly Route[] {
  return [
    route(send, async ({ c, query, body, who, signal }) => {
      const posted = supervisor.postMany({ ...body, by: who });
      const waited = posted.map(async (one) => {
        if ('error' in one) return { server: one.server, error: toProblemDocument(one.error) };
        try {
          const settled = await settledWithin(one, query.wait ?? null, signal);
          return { server: one.server, commandId: one.commandId, outcome: settled?.outcome ?? null };
        } catch (error) {
          return { server: one.server, error: toProblemDocument(error) };
        }
      });
      return c.json({ outcomes: await Promise.all(waited) });
    }),
  ];
}
