/** Making sure that servers are connected, before work is sent to them. */

import * as z from 'zod';
import type { Supervisor } from '../../supervisor/contract.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { isBug, toProblemDocument } from '../problem.ts';
import { baseOf, route } from '../route.ts';
import { noQuery, serverNames, timeoutMs } from '../schemas/common.ts';
import { ensured } from '../schemas/ensured.ts';
import { named } from '../schemas/names.ts';
import type { RouteParts } from './parts.ts';

const ensure = {
  id: 'ensureConnected',
  tag: 'Servers',
  method: 'POST',
  path: '/api/ensure',
  access: 'operate',
  summary: 'Start lazy servers and wait until those named are connected; with `timeoutMs` through their next tries',
  query: noQuery,
  body: named('Ensure', z.strictObject({ servers: serverNames.min(1), timeoutMs: timeoutMs.optional() })),
  answers: { 200: { description: 'For each name whether it is connected, or why not', schema: ensured } },
  problems: [],
} as const satisfies Endpoint;

export function ensureRoutes({ supervisor, onError }: RouteParts): readonly Route[] {
  return [
    route(ensure, async ({ c, body, signal }) => {
      const options = { signal, ...(body.timeoutMs !== undefined && { timeoutMs: body.timeoutMs }) };
      const asked = [...new Set(body.servers)].map(async (server) => {
        const error = await errorOf(supervisor, server, options);
        if (error !== null && isBug(error)) onError(error);
        return [
          server,
          { connected: error === null, error: error === null ? null : toProblemDocument(error, baseOf(c)) },
        ] as const;
      });
      return c.json({ servers: Object.fromEntries(await Promise.all(asked)) });
    }),
  ];
}

/** Null: it is connected. */
async function errorOf(
  supervisor: Supervisor,
  server: string,
  options: Parameters<Supervisor['ensureConnected']>[1],
): Promise<unknown> {
  try {
    await supervisor.ensureConnected([server], options);
    return null;
  } catch (error) {
    return error;
  }
}
