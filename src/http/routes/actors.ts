/** The tree of live actors, their charts, and events to groups and to the supervisor. */

import * as z from 'zod';
import { actorEventTypes, type PostedToActor } from '../../supervisor/contract.ts';
import { type Endpoint, type Route, requireScope } from '../endpoint.ts';
import { toProblemDocument } from '../problem.ts';
import { baseOf, reply, replyText, route } from '../route.ts';
import { actorList, posted, snapshotSchema } from '../schemas/actor.ts';
import { noQuery } from '../schemas/common.ts';
import { named } from '../schemas/names.ts';
import { allKept } from '../settling.ts';
import type { RouteParts } from './parts.ts';

const tree = {
  id: 'listActors',
  tag: 'Actors',
  method: 'GET',
  path: '/api/actors',
  access: 'read',
  summary: 'Every actor with its state, parents before children',
  query: noQuery,
  body: null,
  answers: { 200: { description: 'Supervisor, groups and servers', schema: actorList } },
  problems: [],
} as const satisfies Endpoint;

const snapshotOf = (path: string, id: string, problems: Endpoint['problems']) =>
  ({
    id,
    tag: 'Actors',
    method: 'GET',
    path,
    access: 'read',
    summary: 'The live actor: state, tags, memory, allowed events, running timers',
    query: noQuery,
    body: null,
    answers: { 200: { description: 'As it is now; nothing of it is secret', schema: snapshotSchema } },
    problems,
  }) as const satisfies Endpoint;

const send = {
  id: 'sendActorEvent',
  tag: 'Actors',
  method: 'POST',
  path: '/api/actors/{id}/events',
  access: 'operate',
  summary: 'Send an event to a group or to the supervisor; servers have a route of their own',
  query: noQuery,
  body: named('ActorEvent', z.strictObject({ type: z.enum(actorEventTypes) })),
  answers: { 202: { description: 'Accepted', schema: posted } },
  problems: ['ACTOR_NOT_FOUND', 'EVENT_NOT_ALLOWED', 'SHUTTING_DOWN'],
} as const satisfies Endpoint;

const charts = {
  id: 'listMachines',
  tag: 'Actors',
  method: 'GET',
  path: '/api/machines',
  access: 'read',
  summary: 'The state charts that run here',
  query: noQuery,
  body: null,
  answers: {
    200: { description: 'Their ids', schema: named('MachineList', z.strictObject({ machines: z.array(z.string()) })) },
  },
  problems: [],
} as const satisfies Endpoint;

const chart = {
  id: 'getMachine',
  tag: 'Actors',
  method: 'GET',
  path: '/api/machines/{id}',
  access: 'read',
  summary: 'A state chart, from the running definition',
  query: z.strictObject({ format: z.enum(['json', 'mermaid', 'xstate']).optional() }),
  body: null,
  answers: {
    200: [
      {
        description: 'States and edges; with `format=xstate` the configuration as XState loads it',
        schema: named('Machine', z.looseObject({ id: z.string() })),
      },
      { description: 'A Mermaid diagram', schema: z.string(), mediaType: 'text/vnd.mermaid' },
    ],
  },
  problems: ['NOT_FOUND'],
} as const satisfies Endpoint;

export function actorRoutes({ supervisor }: RouteParts): readonly Route[] {
  return [
    route(tree, ({ c }) => reply(c, { actors: supervisor.actors() })),
    route(snapshotOf('/api/servers/{name}/snapshot', 'getServerSnapshot', ['SERVER_NOT_FOUND']), ({ c, param }) =>
      reply(c, supervisor.snapshot(param('name'))),
    ),
    route(snapshotOf('/api/actors/{id}/snapshot', 'getActorSnapshot', ['ACTOR_NOT_FOUND']), ({ c, param }) =>
      reply(c, supervisor.snapshotOf(param('id'))),
    ),
    route(send, async ({ c, param, body, who }) => {
      // Ending everything takes a token that may do everything.
      if (body.type === 'supervisor.shutdown' || body.type === 'supervisor.leave') requireScope(c, 'admin');
      const posted = supervisor.postTo(param('id'), { type: body.type, by: who });
      await (posted.to === 'actor' ? posted.kept() : allKept(posted.commands));
      return reply(c, { commands: commandsOf(param('id'), posted, baseOf(c)) }, 202);
    }),
    route(charts, ({ c }) => reply(c, { machines: supervisor.machines().map(({ id }) => id) })),
    route(chart, ({ c, param, query }) => {
      const { mermaid, xstate, ...definition } = supervisor.machine(param('id'));
      if (query.format === 'xstate') return reply(c, xstate);
      if (query.format !== 'mermaid') return reply(c, definition);
      return replyText(c, {
        status: 200,
        headers: { 'content-type': 'text/vnd.mermaid; charset=utf-8' },
        body: mermaid,
      });
    }),
  ];
}

function commandsOf(id: string, posted: PostedToActor, basePath: string) {
  if (posted.to === 'actor') {
    // A rejection is also a fact; this caller does not wait for it.
    posted.settled.catch(() => undefined);
    return [{ actor: id, commandId: posted.commandId }];
  }
  return posted.commands.map((one) => {
    const actor = `server:${one.server}`;
    if ('error' in one) return { actor, error: toProblemDocument(one.error, basePath) };
    // As above.
    one.settled.catch(() => undefined);
    return { actor, commandId: one.commandId };
  });
}
