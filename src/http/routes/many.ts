/** One command for many servers: start all, stop all. */

import * as z from 'zod';
import type { PostedToOne } from '../../supervisor/contract.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { type ProblemDocument, toProblemDocument } from '../problem.ts';
import { baseOf, reply, route } from '../route.ts';
import { serverNames, waitMs } from '../schemas/common.ts';
import { named } from '../schemas/names.ts';
import { eventOutcomes } from '../schemas/outcome.ts';
import { commandType } from '../schemas/server.ts';
import { allKept, createPatience, type Patience } from '../settling.ts';
import type { RouteParts } from './parts.ts';

const send = {
  id: 'sendEvents',
  tag: 'Servers',
  method: 'POST',
  path: '/api/events',
  access: 'operate',
  summary: 'Send a command to many servers; with `wait`, answer when all have settled',
  query: z.strictObject({ wait: waitMs.optional() }),
  body: named('Events', z.strictObject({ type: commandType, servers: serverNames.min(1) })),
  answers: { 200: { description: 'One outcome each; null: not settled yet', schema: eventOutcomes } },
  problems: [],
} as const satisfies Endpoint;

export function manyRoutes({ supervisor, timers }: RouteParts): readonly Route[] {
  return [
    route(send, async ({ c, query, body, who, signal }) => {
      const patience = createPatience(query.wait ?? null, timers, signal);
      const posted = supervisor.postMany({ ...body, by: who });
      await allKept(posted);
      const toProblem = (error: unknown) => toProblemDocument(error, baseOf(c));
      const outcomes = await Promise.all(posted.map((one) => outcomeOf(one, { patience, toProblem })));
      patience.close();
      const now = new Map(supervisor.status().servers.map(({ name, ...status }) => [name, status]));
      return reply(c, {
        outcomes: outcomes.map((outcome) => {
          const { state = null, lastFailure = null } = now.get(outcome.server) ?? {};
          return { ...outcome, state, lastFailure };
        }),
      });
    }),
  ];
}

interface Asked {
  readonly patience: Patience;
  readonly toProblem: (error: unknown) => ProblemDocument;
}

async function outcomeOf(posted: PostedToOne, { patience, toProblem }: Asked) {
  const { server } = posted;
  if ('error' in posted) return { server, error: toProblem(posted.error) };
  try {
    const settled = await patience.settled(posted);
    return { server, commandId: posted.commandId, outcome: settled?.outcome ?? null };
  } catch (error) {
    return { server, error: toProblem(error) };
  }
}
