/** The configuration: in force, another one, a plan for it, and its versions. */

import { createHash } from 'node:crypto';
import { etag } from 'hono/etag';
import * as z from 'zod';
import { isPlain } from '../../config/editing/kept.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { reply, replyText, route } from '../route.ts';
import { noQuery, wholeNumber } from '../schemas/common.ts';
import { configuration, configurationInForce, edited, planSchema, versionsPage } from '../schemas/configuration.ts';
import { named } from '../schemas/names.ts';
import { jsonHeaders } from '../status-text.ts';
import { createTags, expectedVersion } from '../versions.ts';
import { editProblems, ifMatch, lockQuery, replyEdited } from './editing.ts';
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
    200: { description: 'As it is now; its version is the `ETag`', schema: configurationInForce },
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
  summary: 'What another configuration would do; changes nothing. With `to=store`: what PUT /api/config would do',
  query: z.strictObject({ to: z.enum(['store', 'host']).optional() }),
  body: configuration,
  answers: {
    200: {
      description: 'Names of servers and groups by what would happen to them, and settings that would be others',
      schema: planSchema,
    },
  },
  problems: ['CONFIG_INVALID'],
} as const satisfies Endpoint;

const replace = {
  id: 'replaceConfiguration',
  tag: 'Control plane',
  method: 'PUT',
  path: '/api/config',
  access: 'admin',
  summary:
    'Replace the servers of the store by those of a configuration. Servers of the file may be in it as they are, or left out',
  query: lockQuery,
  headers: [ifMatch],
  body: configuration,
  answers: { 200: { description: 'The plan that is carried out, and the version, also as `ETag`', schema: edited } },
  problems: editProblems,
} as const satisfies Endpoint;

const versions = {
  id: 'listConfigurationVersions',
  tag: 'Control plane',
  method: 'GET',
  path: '/api/config/versions',
  // They show what the configuration shows.
  access: 'admin',
  summary: 'Versions of the configuration, the newest first: when, by whom, and each change, without secrets',
  query: z.strictObject({
    before: wholeNumber(Number.MAX_SAFE_INTEGER, 'the number of a version', 1).optional(),
    limit: wholeNumber(1_000, 'a number of versions', 1).optional(),
  }),
  body: null,
  answers: { 200: { description: 'A page; `next` is the `before` of the next one', schema: versionsPage } },
  problems: ['STORE_UNAVAILABLE'],
} as const satisfies Endpoint;

const rollback = {
  id: 'rollBackConfiguration',
  tag: 'Control plane',
  method: 'POST',
  path: '/api/config/rollback',
  access: 'admin',
  summary: 'Undo every change after a version, each where it was made. What is undone is a new version',
  query: lockQuery,
  headers: [ifMatch],
  body: named('Rollback', z.strictObject({ version: z.int().min(0) })),
  answers: {
    200: { description: 'The plan that is carried out, and the new version, also as `ETag`', schema: edited },
  },
  problems: [...editProblems, 'NOT_FOUND'],
} as const satisfies Endpoint;

export function configurationRoutes({ supervisor }: RouteParts): readonly Route[] {
  const tagged = etag();
  const tagOfContent = createTags();
  return [
    route(read, async ({ c }) => {
      const whole = { mcpServers: {}, ...supervisor.config() };
      const body = JSON.stringify(whole, withoutLive);
      // Made at once: a digest that is waited for would leave the text uncounted until then.
      const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);
      const headers = { ...jsonHeaders, etag: tagOfContent(supervisor.configVersion(), digest) };
      await tagged(c, async () => {
        c.res = c.body(null, 200, headers);
      });
      if (c.res.status !== 304) c.res = replyText(c, { status: 200, headers, body });
      return c.res;
    }),
    route(plan, async ({ c, query, body }) =>
      // Every mistake in it is a problem of the answer.
      reply(c, await supervisor.plan(wholeOf(body) as never, query.to === undefined ? {} : { to: query.to })),
    ),
    route(replace, async ({ c, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version ?? lockIn(body), current: supervisor.configVersion() });
      return replyEdited(c, await supervisor.apply(wholeOf(body) as never, { to: 'store', by: who, ...lock }));
    }),
    route(versions, async ({ c, query: { before, limit } }) => {
      const page = { ...(before !== undefined && { before }), ...(limit !== undefined && { limit }) };
      return reply(c, await supervisor.versions(page));
    }),
    route(rollback, async ({ c, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: supervisor.configVersion() });
      return replyEdited(c, await supervisor.rollback(body.version, { by: who, ...lock }));
    }),
  ];
}

type Given = z.output<typeof configuration>;

/** A document that is given as it is may have a key of another program with that name. */
function lockIn({ config, version }: Given): number | undefined {
  return config === undefined ? undefined : version;
}

function wholeOf({ config, ...whole }: Given): object {
  return config ?? whole;
}

/** Live objects that a host put into an entry are no text. */
function withoutLive(_key: string, value: unknown): unknown {
  const isData = typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value);
  return isData && typeof value !== 'bigint' ? value : undefined;
}
