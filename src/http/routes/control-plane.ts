/** The control plane itself: its status, and shutdown. */

import type { Endpoint, Route } from '../endpoint.ts';
import { reply, route } from '../route.ts';
import { noQuery } from '../schemas/common.ts';
import { shuttingDown, statusSchema } from '../schemas/control-plane.ts';
import type { RouteParts } from './parts.ts';

const status = {
  id: 'getStatus',
  tag: 'Control plane',
  method: 'GET',
  path: '/api/status',
  access: 'read',
  summary: 'The control plane, every alarm, and every server',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'As it is now', schema: statusSchema } },
  problems: [],
} as const satisfies Endpoint;

const shutdown = {
  id: 'shutDown',
  tag: 'Control plane',
  method: 'POST',
  path: '/api/shutdown',
  access: 'admin',
  summary: 'End every server, then the control plane; inside a host program, close the supervisor',
  query: noQuery,
  body: null,
  answers: { 202: { description: 'It has begun', schema: shuttingDown } },
  problems: ['SHUTTING_DOWN'],
} as const satisfies Endpoint;

export function controlPlaneRoutes({ supervisor }: RouteParts): readonly Route[] {
  return [
    route(status, ({ c }) => reply(c, supervisor.status())),
    route(shutdown, ({ c, who }) => {
      supervisor.postTo('supervisor', { type: 'supervisor.shutdown', by: who });
      return reply(c, { shuttingDown: true }, 202);
    }),
  ];
}
