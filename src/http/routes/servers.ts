/** Servers: their status, and commands to one of them. */

import * as z from 'zod';
import type { Endpoint, Route } from '../endpoint.ts';
import { route } from '../route.ts';
import { noQuery, waitMs } from '../schemas/common.ts';
import { named } from '../schemas/names.ts';
import { commandType, server, serverList } from '../schemas/server.ts';
import { settledWithin } from '../settling.ts';
import { createStatusText, jsonHeaders } from '../status-text.ts';
import type { RouteParts } from './parts.ts';

const list = {
  id: 'listServers',
  method: 'GET',
  path: '/api/servers',
  access: 'read',
  summary: 'Every server as it is now',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'In the order of the configuration', schema: serverList } },
  problems: [],
} as const satisfies Endpoint;

const one = {
  id: 'getServer',
  method: 'GET',
  path: '/api/servers/{name}',
  access: 'read',
  summary: 'One server as it is now',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'The server', schema: server } },
  problems: ['SERVER_NOT_FOUND'],
} as const satisfies Endpoint;

const eventBody = named('ServerEvent', z.strictObject({ type: commandType }));
const accepted = named('Accepted', z.strictObject({ commandId: z.string() }));
const settled = named(
  'Settled',
  z.strictObject({ commandId: z.string(), outcome: z.enum(['done', 'superseded']), server }),
);

const send = {
  id: 'sendServerEvent',
  method: 'POST',
  path: '/api/servers/{name}/events',
  access: 'operate',
  summary: 'Send a command to a server; with `wait`, answer when it has settled',
  query: z.strictObject({ wait: waitMs.optional() }),
  body: eventBody,
  answers: {
    200: { description: 'Settled within `wait` milliseconds', schema: settled },
    202: { description: 'Accepted; its settling is a fact', schema: accepted },
  },
  problems: ['SERVER_NOT_FOUND', 'EVENT_NOT_ALLOWED', 'COMMAND_REJECTED', 'SERVER_NOT_CONNECTED', 'SHUTTING_DOWN'],
} as const satisfies Endpoint;

export function serverRoutes({ supervisor }: RouteParts): readonly Route[] {
  const text = createStatusText();
  return [
    route(list, ({ c }) => c.body(text.list(supervisor.status().servers), 200, jsonHeaders)),
    route(one, ({ c, param }) => c.body(text.one(supervisor.status(param('name'))), 200, jsonHeaders)),
    route(send, async ({ c, param, query, body, who, signal }) => {
      const posted = supervisor.post(param('name'), { type: body.type, by: who });
      const outcome = await settledWithin(posted, query.wait ?? null, signal);
      if (outcome === null) return c.json({ commandId: posted.commandId }, 202);
      return c.json({
        commandId: outcome.commandId,
        outcome: outcome.outcome,
        server: supervisor.status(param('name')),
      });
    }),
  ];
}
