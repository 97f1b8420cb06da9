/** What servers offer; for those that are not connected, the last known lists. */

import * as z from 'zod';
import { type Supervisor, toolFormats } from '../../supervisor/contract.ts';
import { type Endpoint, type Route, type RouteRequest, requireScope } from '../endpoint.ts';
import { carry, route } from '../route.ts';
import {
  formattedTools,
  instructions as instructionsSchema,
  promptList,
  resourceList,
  resourceTemplateList,
  toolList,
} from '../schemas/catalog.ts';
import { flag, names, noQuery } from '../schemas/common.ts';
import type { RouteParts } from './parts.ts';

const staleness = z.strictObject({ stale: flag.optional() });

const ofServer = (words: string, schema: z.ZodType) =>
  ({
    id: `list${words.replaceAll(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase())}OfServer`,
    tag: 'Catalog',
    method: 'GET',
    path: `/api/servers/{name}/${words.replaceAll(' ', '-')}`,
    access: 'read',
    summary: `The ${words} of a server; \`stale=false\` leaves out the last known ones of a server that is not connected`,
    query: staleness,
    body: null,
    answers: { 200: { description: 'Each with `stale`: whether its server is not connected', schema } },
    problems: ['SERVER_NOT_FOUND'],
  }) as const satisfies Endpoint;

const instructions = {
  id: 'getInstructions',
  tag: 'Catalog',
  method: 'GET',
  path: '/api/servers/{name}/instructions',
  access: 'read',
  summary: 'What a server says about how to use it; of one that is not connected, what it said last',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'Null: it says nothing, or was never connected', schema: instructionsSchema } },
  problems: ['SERVER_NOT_FOUND'],
} as const satisfies Endpoint;

const all = {
  id: 'listTools',
  tag: 'Catalog',
  method: 'GET',
  path: '/api/tools',
  access: 'read',
  summary:
    'The tools of all servers, or of those named, for MCP or in the form of a model API; with `ensure` once they are connected',
  query: z.strictObject({
    servers: names.optional(),
    format: z.enum(toolFormats).optional(),
    describeOrigin: flag.optional(),
    stale: flag.optional(),
    ensure: flag.optional(),
  }),
  body: null,
  answers: {
    200: [
      {
        description: 'Entries with `exposedName`, or in the format asked for; `unknown`: names of no server',
        schema: z.union([toolList, formattedTools]),
      },
    ],
  },
  problems: [],
} as const satisfies Endpoint;

export function catalogRoutes({ supervisor }: RouteParts): readonly Route[] {
  const filterOf = ({ param, query }: Pick<RouteRequest<z.output<typeof staleness>, null>, 'param' | 'query'>) => ({
    servers: [supervisor.status(param('name')).name],
    stale: query.stale ?? true,
  });
  return [
    route(ofServer('tools', toolList), ({ c, ...asked }) => carry(c, { tools: supervisor.tools(filterOf(asked)) })),
    route(ofServer('resources', resourceList), ({ c, ...asked }) =>
      carry(c, { resources: supervisor.resources(filterOf(asked)) }),
    ),
    route(ofServer('resource templates', resourceTemplateList), ({ c, ...asked }) =>
      carry(c, { resourceTemplates: supervisor.resourceTemplates(filterOf(asked)) }),
    ),
    route(ofServer('prompts', promptList), ({ c, ...asked }) =>
      carry(c, { prompts: supervisor.prompts(filterOf(asked)) }),
    ),
    route(instructions, ({ c, param }) => carry(c, { instructions: supervisor.instructions(param('name')) })),
    route(all, (asked) => listTools(supervisor, asked)),
  ];
}

async function listTools(
  supervisor: Supervisor,
  { c, query, signal }: RouteRequest<z.output<typeof all.query>, null>,
): Promise<Response> {
  const { servers, format = 'mcp', describeOrigin = false, stale = true, ensure = false } = query;
  const options = { format, describeOrigin, stale, ...(servers !== undefined && { servers }) };
  const unknown = servers && unknownOf(servers, supervisor);
  // It may start lazy servers.
  if (ensure) requireScope(c, 'operate');
  const tools: readonly object[] = ensure
    ? await supervisor.tools({ ...options, ensure, signal })
    : supervisor.tools(options);
  return carry(c, { tools, ...(unknown !== undefined && { unknown }) });
}

/** Names of no server are passed over and told: a host may offer a chat what is there. */
function unknownOf(names: readonly string[], supervisor: Supervisor): readonly string[] {
  const known = new Set(supervisor.status().servers.map(({ name }) => name));
  return names.filter((name) => !known.has(name));
}
