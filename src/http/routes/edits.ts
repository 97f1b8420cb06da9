/** Edits of servers: added, replaced, patched, removed. */

import * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { route } from '../route.ts';
import { plainObject, serverNames } from '../schemas/common.ts';
import { addedAll, edited, entryBody, versionInBody } from '../schemas/configuration.ts';
import { named } from '../schemas/names.ts';
import { expectedVersion } from '../versions.ts';
import { editProblems, ifMatch, lockQuery, replyEdited } from './editing.ts';
import type { RouteParts } from './parts.ts';

/** One server, or a document of some program as it is: whose keys are its own affair. */
const newServers = named(
  'NewServers',
  z.looseObject({
    name: z.string().optional(),
    entry: plainObject.optional(),
    fragment: z.union([z.string(), plainObject]).optional(),
    mcpServers: plainObject.optional(),
  }),
);

const add = {
  id: 'addServers',
  tag: 'Servers',
  method: 'POST',
  path: '/api/servers',
  access: 'admin',
  summary:
    'Add a server, `{name, entry}` or `{name, …entry}`, or those of a pasted configuration of any program, to the store or with `to=file` to the file',
  query: z.strictObject({ ...lockQuery.shape, to: z.enum(['store', 'file']).optional() }),
  headers: [ifMatch],
  body: newServers,
  answers: {
    200: { description: 'Some were added, others refused: one result each', schema: addedAll },
    201: { description: 'All were added; the version is also the `ETag`', schema: addedAll },
  },
  problems: editProblems,
} as const satisfies Endpoint;

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

/** A server that lives in the file is edited there, not in memory alone; any other where it lives. */
const written = { to: 'file' } as const;

export function editRoutes({ supervisor }: RouteParts): readonly Route[] {
  const current = () => supervisor.configVersion();
  return [
    route(add, async ({ c, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      const added = await supervisor.addAll(fragmentIn(body), { to: query.to ?? 'store', by: who, ...lock });
      const refused = added.results.filter(({ outcome }) => outcome === 'refused');
      if (refused.length < added.results.length) return replyEdited(c, added, refused.length === 0 ? 201 : 200);
      const problems = refused.flatMap((one) => one.problems);
      throw new McpvisorError('CONFIG_INVALID', { file: null, problems });
    }),
    route(replace, async ({ c, param, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      return replyEdited(c, await supervisor.replace(param('name'), body as never, { ...written, by: who, ...lock }));
    }),
    route(patch, async ({ c, param, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      return replyEdited(c, await supervisor.update(param('name'), body as never, { ...written, by: who, ...lock }));
    }),
    route(remove, async ({ c, param, query, who }) => {
      const lock = expectedVersion(c, { given: query.version, current: current() });
      return replyEdited(c, await supervisor.remove(param('name'), { ...written, by: who, ...lock }));
    }),
    route(removeMany, async ({ c, query, body, who }) => {
      const lock = expectedVersion(c, { given: query.version ?? body.version, current: current() });
      return replyEdited(c, await supervisor.remove(body.names, { ...written, by: who, ...lock }));
    }),
  ];
}

/** Extensions of some programs have a name beside the map of their servers: that is no server's. */
function fragmentIn(body: z.output<typeof newServers>): unknown {
  const { name, entry, fragment, mcpServers, ...others } = body;
  if (fragment !== undefined) return fragment;
  if (name === undefined || mcpServers !== undefined) return body;
  return { mcpServers: Object.fromEntries([[name, entry ?? others]]) };
}
