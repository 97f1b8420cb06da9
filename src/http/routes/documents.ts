/** The description of the API, for programs and for people. */

import { html, raw } from 'hono/html';
import * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { problemsOf, toOpenApi } from '../openapi.ts';
import { baseOf, reply, replyText, route } from '../route.ts';
import { noQuery } from '../schemas/common.ts';
import { anyRecord } from '../schemas/names.ts';
import { openTroublePage, troublePath } from '../trouble.ts';
import type { DocumentedSecurity } from './parts.ts';

const openApi = {
  id: 'getOpenApi',
  tag: 'Documents',
  method: 'GET',
  path: '/openapi.json',
  access: 'read',
  summary: 'This API as an OpenAPI 3.1 document',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'OpenAPI 3.1', schema: anyRecord } },
  problems: [],
} as const satisfies Endpoint;

const docs = {
  id: 'getDocs',
  tag: 'Documents',
  method: 'GET',
  path: '/docs',
  access: 'read',
  summary: 'This API as a page for people',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'A page that needs no other host', schema: z.string(), mediaType: 'text/html' } },
  problems: [],
} as const satisfies Endpoint;

const trouble = {
  id: 'getProblems',
  tag: 'Documents',
  method: 'GET',
  path: troublePath,
  access: 'open',
  summary: 'Every problem, failure and alarm, explained; the `type` of a problem document leads here',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'A page that needs no other host', schema: z.string(), mediaType: 'text/html' } },
  problems: ['NOT_FOUND'],
} as const satisfies Endpoint;

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font-family:ui-monospace,monospace}h2{font-size:1.1rem;margin:2rem 0 0}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem}dd{margin:0}`;

const htmlHeaders = { 'content-type': 'text/html; charset=UTF-8' } as const;

/** `others`: every other endpoint of the API. */
export function documentRoutes(
  others: readonly Endpoint[],
  about: DocumentedSecurity & { readonly version: string },
): readonly Route[] {
  const { version } = about;
  const endpoints = [...others, openApi, docs, trouble];
  /** Made when it is asked for: that takes longer than all other routes together. */
  let document: ReturnType<typeof toOpenApi> | null = null;
  let troublePage: ReturnType<typeof openTroublePage> | null = null;
  return [
    route(openApi, ({ c }) => {
      document ??= toOpenApi(endpoints, about);
      return reply(c, { ...document, servers: [{ url: baseOf(c) || '/' }] });
    }),
    route(trouble, async ({ c }) => {
      troublePage ??= openTroublePage(style);
      const page = await troublePage;
      if (page === null) throw new McpvisorError('NOT_FOUND', { path: c.req.path });
      return replyText(c, { status: 200, headers: htmlHeaders, body: String(page) });
    }),
    route(docs, async ({ c }) => {
      const page = await html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mcpvisor API</title><style>${raw(style)}</style></head>
<body><h1>mcpvisor ${version}</h1><p>The same for programs: <a href="openapi.json">openapi.json</a></p>${endpoints.map(toSection)}</body></html>`;
      return replyText(c, { status: 200, headers: htmlHeaders, body: String(page) });
    }),
  ];
}

function toSection(endpoint: Endpoint) {
  const { method, path, summary, access, query, body, answers } = endpoint;
  const takes = [
    ...Object.keys(query.shape).map((name) => `?${name}`),
    ...(body === null ? [] : Object.keys((body as z.ZodObject).shape ?? {})),
  ];
  const statuses = Object.entries(answers).map(
    ([status, answer]) =>
      `${status} ${(Array.isArray(answer) ? answer : [answer]).map(({ description }) => description).join('; ')}`,
  );
  return html`<h2><code>${method} ${path}</code></h2><p>${summary}</p><dl>
<dt>Token</dt><dd>${access}</dd><dt>Takes</dt><dd>${takes.join(', ') || 'nothing'}</dd>
<dt>Answers</dt><dd>${statuses.join(' · ')}</dd><dt>Problems</dt><dd>${problemsOf(endpoint).join(', ')}</dd></dl>`;
}
