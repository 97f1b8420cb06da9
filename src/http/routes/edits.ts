/** Edits of servers by their names: replaced, patched, removed. */

import * as z from 'zod';
import type { Endpoint, Route } from '../endpoint.ts';
import { route } from '../route.ts';
import { serverNames } from '../schemas/common.ts';
import { edited, entryBody, versionInBody } from '../schemas/configuration.ts';
import { named } from '../schemas/names.ts';
import { expectedVersion } from '../versions.ts';
import { editProblems, ifMatch, lockQuery, replyEdited } from './editing.ts';
import type { RouteParts } from './parts.ts';

const answered = { description: 'The plan that is carried out, and the version, also as `ETag`', schema: edited };

const replace = {
  id: 'replaceServer',
  tag: 'Servers',
  method: 'PUT',
  path: '/api/servers/{name}',
  access: 'admin',
  summary: 'Replace the entry of a server, where it lives; a value {"$kept": …} stays what it was',
  query: lockQuery,
  headers: [ifMatch],
  body: entryBody,
  answers: { 200: answered },
  problems: ['SERVER_NOT_FOUND', ...editProblems],
} as const satisfies Endpoint;

const patch = {
  ...replace,
  id: 'patchServer',
  method: 'PATCH',
  summary: 'Change the entry of a server by a JSON Merge Patch (RFC 7386): null takes a setting away',
} as const satisfies Endpoint;

const remove = {
  ...replace,
  id: 'removeServer',
  method: 'DELETE',
  summary: 'Stop a server and remove it from where it lives',
  body: null,
} as const satisfies Endpoint;

const removeMany = {
  ...remove,
  id: 'removeServers',
  path: '/api/servers',
  summary: 'Stop servers and remove them, all by one plan or none',
  body: named('ServersToRemove', z.strictObject({ names: serverNames.min(1), version: versionInBody })),
} as const satisfies Endpoint;

export function editRoutes({ supervisor }: RouteParts): readonly Route[] {
  const current = () => supervisor.configVersion();
  return [
    route(replace, async ({ c, param, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      return replyEdited(c, await supervisor.replace(param('name'), body as never, { to: 'file', by: who, ...lock }));
    }),
    route(patch, async ({ c, param, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      return replyEdited(c, await supervisor.update(param('name'), body as never, { to: 'file', by: who, ...lock }));
    }),
    route(remove, async ({ c, param, query, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      return replyEdited(c, await supervisor.remove(param('name'), { to: 'file', by: who, ...lock }));
    }),
    route(removeMany, async ({ c, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version ?? body.version, current: current() });
      return replyEdited(c, await supervisor.remove(body.names, { to: 'file', by: who, ...lock }));
    }),
  ];
}
