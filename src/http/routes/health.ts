/** For monitoring: liveness, readiness, metrics. */

import type { Context } from 'hono';
import * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import { serverStates } from '../../supervisor/contract.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { reply, replyText, route } from '../route.ts';
import { noQuery } from '../schemas/common.ts';
import { named } from '../schemas/names.ts';
import { actorAlarm } from '../schemas/server.ts';
import type { RouteParts } from './parts.ts';

const health = {
  id: 'getHealth',
  tag: 'Health',
  method: 'GET',
  path: '/healthz',
  access: 'open',
  summary: 'Whether this process lives',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'It lives', schema: named('Health', z.strictObject({ status: z.literal('ok') })) } },
  problems: [],
} as const satisfies Endpoint;

const notReadyServer = named(
  'NotReady',
  z.strictObject({ name: z.string(), state: z.enum(serverStates), reason: z.string() }),
);
const readiness = named(
  'Readiness',
  z.strictObject({
    ready: z.boolean(),
    notReady: z.array(notReadyServer).optional(),
    /** The control plane that uses the store, while this one waits for it; null: none is waited for. */
    heldBy: z.strictObject({ host: z.string(), pid: z.int(), expiresAt: z.string() }).nullable().optional(),
    /** Of the control plane: a configuration file that is not in force, for example. They make nothing unready. */
    alarms: z.array(actorAlarm).optional(),
  }),
);

const ready = {
  id: 'getReadiness',
  tag: 'Health',
  method: 'GET',
  path: '/readyz',
  access: 'open',
  summary: 'Whether every server has come to rest and every required one is connected; without a token only yes or no',
  query: noQuery,
  body: null,
  answers: {
    200: { description: 'Ready', schema: readiness },
    503: { description: 'Not ready yet, or no longer', schema: readiness },
  },
  problems: [],
} as const satisfies Endpoint;

const metrics = {
  id: 'getMetrics',
  tag: 'Health',
  method: 'GET',
  path: '/metrics',
  access: 'read',
  summary: 'Figures for Prometheus',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'In the text format of Prometheus', schema: z.string(), mediaType: 'text/plain' } },
  problems: ['NOT_FOUND'],
} as const satisfies Endpoint;

/** `isKnown`: whether the request carries a token that may read. */
export function healthRoutes(
  { supervisor, metrics: count }: RouteParts,
  isKnown: (c: Context) => boolean,
): readonly Route[] {
  /** Those who ask while figures are read get the same ones. */
  let reading: ReturnType<typeof readFigures> | null = null;
  return [
    route(health, ({ c }) => reply(c, { status: 'ok' })),
    route(ready, ({ c }) => {
      const { ready: isReady, notReady, heldBy } = supervisor.readiness();
      const tells = isKnown(c);
      const alarms = () => supervisor.status().alarms.filter(({ actor }) => actor === 'supervisor');
      return reply(
        c,
        tells ? { ready: isReady, notReady, heldBy, alarms: alarms() } : { ready: isReady },
        isReady ? 200 : 503,
      );
    }),
    route(metrics, async ({ c }) => {
      if (count === null) throw new McpvisorError('NOT_FOUND', { path: c.req.path });
      reading ??= readFigures(count).finally(() => {
        reading = null;
      });
      return replyText(c, await reading);
    }),
  ];
}

async function readFigures(count: NonNullable<RouteParts['metrics']>) {
  const figures = await count();
  return { status: 200, headers: { 'content-type': figures.contentType }, body: await figures.text() };
}
