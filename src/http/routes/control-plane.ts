/** The control plane itself: its status, what another configuration would do, and its end. */

import { z } from 'zod';
import { McpvisorError } from '../../errors.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { route } from '../route.ts';
import { noQuery, plainObject } from '../schemas/common.ts';
import { planSchema, shuttingDown, statusSchema } from '../schemas/control-plane.ts';
import { named } from '../schemas/names.ts';
import type { RouteParts } from './parts.ts';

const status = {
  id: 'getStatus',
  method: 'GET',
  path: '/api/status',
  access: 'read',
  summary: 'The control plane, every alarm, and every server',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'As it is now', schema: statusSchema } },
  problems: [],
} as const satisfies Endpoint;

const plan = {
  id: 'planConfiguration',
  method: 'POST',
  path: '/api/config/plan',
  access: 'read',
  summary: 'What another configuration would do; changes nothing',
  query: noQuery,
  body: named('Configuration', z.strictObject({ config: plainObject })),
  answers: { 200: { description: 'Names of servers by what would happen to them', schema: planSchema } },
  problems: ['CONFIG_INVALID'],
} as const satisfies Endpoint;

const shutdown = {
  id: 'shutDown',
  method: 'POST',
  path: '/api/shutdown',
  access: 'admin',
  summary: 'End every server, then this process',
  query: noQuery,
  body: null,
  answers: { 202: { description: 'It has begun', schema: shuttingDown } },
  problems: ['NOT_FOUND'],
} as const satisfies Endpoint;

export function controlPlaneRoutes({ supervisor, shutdown: end }: RouteParts): readonly Route[] {
  return [
    route(status, ({ c }) => c.json(supervisor.status())),
    route(plan, async ({ c, body }) => c.json(await supervisor.plan(body.config))),
    route(shutdown, ({ c }) => {
      // In a host's process it is the host that ends us.
      if (end === null) throw new McpvisorError('NOT_FOUND', { path: c.req.path });
      setImmediate(end);
      return c.json({ shuttingDown: true }, 202);
    }),
  ];
}
