/** The configuration in force, and a plan for another one. */

import { createHash } from 'node:crypto';
import { etag } from 'hono/etag';
import * as z from 'zod';
import { isPlain } from '../../config/editing/kept.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { reply, replyText, route } from '../route.ts';
import { noQuery } from '../schemas/common.ts';
import { configuration, configurationInForce, planSchema } from '../schemas/configuration.ts';
import { jsonHeaders } from '../status-text.ts';
import type { RouteParts } from './parts.ts';

const read = {
  id: 'getConfiguration',
  tag: 'Control plane',
  method: 'GET',
  path: '/api/config',
  // Arguments and addresses are shown as they are written.
  access: 'admin',
  summary: 'The configuration in force as it was written, with {"$kept": …} for values of env, headers and secrets',
  query: noQuery,
  headers: [{ name: 'If-None-Match', description: 'The `ETag` of an earlier answer', schema: z.string().max(1_024) }],
  body: null,
  answers: {
    200: { description: 'As it is now, with an `ETag`', schema: configurationInForce },
    304: { description: 'Nothing has changed since that answer', schema: null },
  },
  problems: [],
} as const satisfies Endpoint;

const plan = {
  id: 'planConfiguration',
  tag: 'Control plane',
  method: 'POST',
  path: '/api/config/plan',
  access: 'read',
  summary: 'What another configuration would do; changes nothing',
  query: noQuery,
  body: configuration,
  answers: {
    200: {
      description: 'Names of servers and groups by what would happen to them, and settings that would be others',
      schema: planSchema,
    },
  },
  problems: ['CONFIG_INVALID'],
} as const satisfies Endpoint;

export function configurationRoutes({ supervisor }: RouteParts): readonly Route[] {
  const tagged = etag();
  return [
    route(read, async ({ c }) => {
      const whole = { mcpServers: {}, ...supervisor.config() };
      const body = JSON.stringify(whole, withoutLive);
      // Made at once: a digest that is waited for would leave the text uncounted until then.
      const headers = { ...jsonHeaders, etag: `"${createHash('sha256').update(body).digest('hex')}"` };
      await tagged(c, async () => {
        c.res = c.body(null, 200, headers);
      });
      if (c.res.status !== 304) c.res = replyText(c, { status: 200, headers, body });
      return c.res;
    }),
    route(plan, async ({ c, body }) => {
      const { config, ...whole } = body;
      // Every mistake in it is a problem of the answer.
      return reply(c, await supervisor.plan((config ?? whole) as never));
    }),
  ];
}

/** Live objects that a host put into an entry are no text. */
function withoutLive(_key: string, value: unknown): unknown {
  const isData = typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value);
  return isData && typeof value !== 'bigint' ? value : undefined;
}
