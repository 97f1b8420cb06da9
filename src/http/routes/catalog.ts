/** What servers offer; for those that are not connected, the last known lists. */

import * as z from 'zod';
import { type Supervisor, toolFormats } from '../../supervisor/contract.ts';
import type { Endpoint, Route } from '../endpoint.ts';
import { route } from '../route.ts';
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
  summary: 'The tools of all servers, or of those named, for MCP or in the form of a model API',
  query: z.strictObject({
    servers: names.optional(),
    format: z.enum(toolFormats).optional(),
    describeOrigin: flag.optional(),
  }),
  body: null,
  answers: {
    200: [
      {
        description: 'Entries with `exposedName`, or in the format asked for',
        schema: z.union([toolList, formattedTools]),
      },
    ],
  },
  problems: ['SERVER_NOT_FOUND'],
} as const satisfies Endpoint;

export function catalogRoutes({ supervisor }: RouteParts): readonly Route[] {
  const freshOf = <Item extends { readonly stale: boolean }>(items: readonly Item[], stale: boolean | undefined) =>
    stale === false ? items.filter((one) => !one.stale) : items;
  const serverOf = (name: string) => ({ servers: [supervisor.status(name).name] });
  return [
    route(ofServer('tools', toolList), ({ c, param, query }) =>
      c.json({ tools: freshOf(supervisor.tools(serverOf(param('name'))), query.stale) }),
    ),
    route(ofServer('resources', resourceList), ({ c, param, query }) =>
      c.json({ resources: freshOf(supervisor.resources(serverOf(param('name'))), query.stale) }),
    ),
    route(ofServer('resource templates', resourceTemplateList), ({ c, param, query }) =>
      c.json({
        resourceTemplates: freshOf(supervisor.resourceTemplates(serverOf(param('name'))), query.stale),
      }),
    ),
    route(ofServer('prompts', promptList), ({ c, param, query }) =>
      c.json({ prompts: freshOf(supervisor.prompts(serverOf(param('name'))), query.stale) }),
    ),
    route(instructions, ({ c, param }) => c.json({ instructions: supervisor.instructions(param('name')) })),
    route(all, ({ c, query }) => c.json({ tools: toolsOf(supervisor, query) })),
  ];
}

function toolsOf(
  supervisor: Supervisor,
  { servers, format = 'mcp', describeOrigin }: z.output<typeof all.query>,
): readonly object[] {
  for (const name of servers ?? []) supervisor.status(name);
  const filter = { ...(servers !== undefined && { servers }), ...(describeOrigin !== undefined && { describeOrigin }) };
  return supervisor.tools({ ...filter, format });
}
