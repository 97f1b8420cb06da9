/** The fields of each type of fact; the compiler holds them against the types that publishers use. */

import * as z from 'zod';
import type { FactFields } from '../../observe/facts/fact.ts';
import { failureFields } from './failure.ts';
import { named } from './names.ts';

type FieldsOf<Fields> = { readonly [Name in keyof Fields]-?: z.ZodType<Fields[Name]> };

const names = z.array(z.string());
const count = z.int().min(0);

const edge = named(
  'Edge',
  z.strictObject({ source: z.string(), event: z.string(), guard: z.string().nullable(), targets: names }),
);

const failure = named(
  'FailureInFact',
  z.looseObject({
    ...failureFields,
    retryAfterMs: z.number().nullable(),
  }),
);

const lastWords = named(
  'LastWords',
  z.strictObject({ exitCode: z.number().nullable(), signal: z.string().nullable(), stderrTail: names }),
);

const step = { from: z.string(), to: z.string(), event: z.string(), edges: z.array(edge) };
const lists = { tools: count, resources: count, prompts: count };
/** Of what is told as one: how many. */
const coalesced = { count: count.optional() };
const round = { trigger: z.string(), victims: names };
const call = { callId: z.int(), method: z.string(), tool: z.string().nullable() };
const command = { commandId: z.string(), command: z.string() };
const rejection = { file: z.string().nullable(), problems: names };

export const factFields = {
  'server.added': { transport: z.string(), group: z.string() },
  'server.removed': {},
  'server.transitioned': {
    ...step,
    reason: z.string().nullable(),
    attempt: count.optional(),
    retryInMs: z.number().optional(),
  },
  'server.failed': { failure },
  'group.transitioned': step,
  'group.removed': {},
  'client.transitioned': step,
  'client.connected': { pid: z.int(), adopted: z.boolean(), sessions: count },
  'client.failed': { failure, isCounted: z.boolean() },
  'supervisor.transitioned': step,
  'dependencies.changed': { waitingFor: names, blockedBy: z.string().nullable() },
  'round.opened': round,
  'round.joined': round,
  'round.closed': { started: names },
  'actor.died': { message: z.string() },
  'session.opened': { transport: z.string(), protocolVersion: z.string(), ...lists },
  'session.closed': { failure: failure.nullable(), last: lastWords.nullable() },
  'session.push': { available: z.boolean(), reason: z.string().nullable() },
  'session.notified': { ...coalesced, method: z.string() },
  'session.asked': { ...coalesced, method: z.string(), answered: z.boolean() },
  'call.started': call,
  'call.settled': { ...call, outcome: z.string(), durationMs: z.number() },
  'probe.sent': { kind: z.string() },
  'probe.answered': { kind: z.string(), latencyMs: z.number() },
  'probe.missed': { misses: count, counted: z.boolean() },
  'process.spawned': { pid: z.int(), command: z.string() },
  'process.exited': { pid: z.int(), exitCode: z.number().nullable(), signal: z.string().nullable() },
  'process.killed': { pid: z.int(), signal: z.string() },
  'process.reaped': { pid: z.int(), command: z.string() },
  'lists.unread': { lists: z.array(z.strictObject({ list: z.string(), reason: z.string() })) },
  'connections.crowded': {
    crowding: z.strictObject({ bound: z.enum(['server', 'process']), most: count }).nullable(),
  },
  'stray.found': { pid: z.int(), command: z.string(), policy: z.enum(['end', 'tell']) },
  'stray.gone': { pid: z.int() },
  'catalog.changed': { ...coalesced, ...lists, problems: names },
  'command.accepted': { ...command, by: z.string().nullable() },
  'command.settled': {
    ...command,
    outcome: z.enum(['done', 'superseded', 'rejected']),
    reason: z.string().nullable(),
  },
  'event.ignored': { ...coalesced, event: z.string(), state: z.string() },
  'config.planned': { steps: count },
  'config.applied': {
    started: names,
    stopped: names,
    restarted: names,
    changed: names,
    disabled: z.strictObject({ added: names, changed: names, removed: names }),
    groups: names,
    settings: z.array(z.strictObject({ path: z.string(), effect: z.enum(['applied', 'at the next start']) })),
  },
  'config.rejected': rejection,
  'config.overruled': { file: z.string().nullable(), servers: z.array(z.string()) },
  'config.warned': rejection,
  'store.degraded': { reason: z.string() },
  'store.recovered': { degradedForMs: z.number(), lostFacts: count },
  'journal.gap': { from: z.int(), to: z.int(), count },
  'alarm.raised': { alarm: z.string(), reason: z.string() },
  'alarm.cleared': { alarm: z.string() },
  'machine.resumed': { suspendedForMs: z.number() },
} satisfies { readonly [Type in keyof FactFields]: FieldsOf<FactFields[Type]> };
