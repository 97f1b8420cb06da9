/** Servers: their status, and commands to one of them. */

import type { Context } from 'hono';
import * as z from 'zod';
import type { ServerStatus } from '../../supervisor/contract.ts';
import type { Endpoint, HttpEnvironment, Route } from '../endpoint.ts';
import { reply, replyText, route } from '../route.ts';
import { waitMs } from '../schemas/common.ts';
import { named } from '../schemas/names.ts';
import { commandType, server, serverList } from '../schemas/server.ts';
import { createPatience } from '../settling.ts';
import { createStatusText, jsonHeaders } from '../status-text.ts';
import type { RouteParts } from './parts.ts';

const withTools = z.strictObject({ tools: z.enum(['names']).optional() });

const list = {
  id: 'listServers',
  tag: 'Servers',
  method: 'GET',
  path: '/api/servers',
  access: 'read',
  summary: 'Every server as it is now; with `tools=names` also what its tools are called',
  query: withTools,
  body: null,
  answers: { 200: { description: 'In the order of the configuration', schema: serverList } },
  problems: [],
} as const satisfies Endpoint;

const one = {
  id: 'getServer',
  tag: 'Servers',
  method: 'GET',
  path: '/api/servers/{name}',
  access: 'read',
  summary: 'One server as it is now; with `tools=names` also what its tools are called',
  query: withTools,
  body: null,
  answers: { 200: { description: 'The server', schema: server } },
  problems: ['SERVER_NOT_FOUND'],
} as const satisfies Endpoint;

const eventBody = named('ServerEvent', z.strictObject({ type: commandType }));
const accepted = named('Accepted', z.strictObject({ commandId: z.string(), server }));
const settled = named(
  'Settled',
  z.strictObject({ commandId: z.string(), outcome: z.enum(['done', 'superseded']), server }),
);

const send = {
  id: 'sendServerEvent',
  tag: 'Servers',
  method: 'POST',
  path: '/api/servers/{name}/events',
  access: 'operate',
  summary: 'Send a command to a server; with `wait`, answer when it has settled',
  query: z.strictObject({ wait: waitMs.optional() }),
  body: eventBody,
  answers: {
    200: { description: 'Settled within `wait` milliseconds', schema: settled },
    202: {
      description: 'Accepted, and not settled yet: `server` says why, and when the next try is due',
      schema: accepted,
    },
  },
  problems: ['SERVER_NOT_FOUND', 'EVENT_NOT_ALLOWED', 'COMMAND_REJECTED', 'SERVER_NOT_CONNECTED', 'SHUTTING_DOWN'],
} as const satisfies Endpoint;

export function serverRoutes({ supervisor, timers }: RouteParts): readonly Route[] {
  const text = createStatusText();
  const withNames = (status: ServerStatus) => ({
    ...status,
    toolNames: supervisor.tools({ servers: [status.name] }).map(({ name }) => name),
  });
  const textOf = (c: Context<HttpEnvironment>, body: string) =>
    replyText(c, { status: 200, headers: jsonHeaders, body });
  return [
    route(list, ({ c, query }) => {
      const { servers } = supervisor.status();
      if (query.tools === undefined) return textOf(c, text.list(servers));
      return reply(c, { servers: servers.map(withNames) });
    }),
    route(one, ({ c, param, query }) => {
      const found = supervisor.status(param('name'));
      return query.tools === undefined ? textOf(c, text.one(found)) : reply(c, withNames(found));
    }),
    route(send, async ({ c, param, query, body, who, signal }) => {
      const posted = supervisor.post(param('name'), { type: body.type, by: who });
      const patience = createPatience(query.wait ?? null, timers, signal);
      await posted.kept();
      const outcome = await patience.settled(posted).finally(() => patience.close());
      const now = supervisor.status(param('name'));
      if (outcome === null) return reply(c, { commandId: posted.commandId, server: now }, 202);
      return reply(c, { commandId: outcome.commandId, outcome: outcome.outcome, server: now });
    }),
  ];
}
