/** A server as the API shows it. */

import * as z from 'zod';
import { commandTypes, serverStates } from '../../supervisor/contract.ts';
import { failureFields } from './failure.ts';
import { anyRecord, named, time } from './names.ts';

const alarm = named(
  'Alarm',
  z.strictObject({ alarm: z.string(), since: time, reason: z.string(), clearedBy: z.string() }),
);

export const actorAlarm = named('ActorAlarm', z.strictObject({ actor: z.string(), ...alarm.shape }));

export const lastFailure = named(
  'Failure',
  z.strictObject({
    ...failureFields,
    at: time,
  }),
);

/** How its process ended, asked to or not. */
const lastEnd = named(
  'LastEnd',
  z.strictObject({
    at: time,
    asked: z.boolean(),
    exitCode: z.number().nullable(),
    signal: z.string().nullable(),
    stderrTail: z.array(z.string()),
  }),
);

export const serverState = named('ServerState', z.enum(serverStates));

/** What a person has to approve before anything starts with it. */
const approval = named('Approval', z.strictObject({ hash: z.string(), commandLine: z.string() }));

const count = z.int().min(0);

export const server = named(
  'Server',
  z.strictObject({
    name: z.string(),
    state: serverState,
    substate: z.string().nullable(),
    since: time,
    wanted: z.enum(['up', 'down']),
    generation: count,
    attempt: count,
    nextRetryAt: time.nullable(),
    lastFailure: lastFailure.nullable(),
    lastEnd: lastEnd.nullable(),
    pid: z.int().nullable(),
    transport: z.string(),
    protocolVersion: z.string().nullable(),
    serverInfo: anyRecord.nullable(),
    latencyMs: z.number().nullable(),
    counts: z.strictObject({
      tools: count,
      resources: count,
      prompts: count,
      restarts: count,
      calls: count,
      callErrors: count,
      inFlight: count,
      queued: count,
    }),
    alarms: z.array(alarm),
    approval: approval.nullable(),
    push: z.boolean().nullable(),
    source: z.enum(['file', 'store', 'host']),
    lazy: z.boolean(),
    required: z.boolean(),
    group: z.string(),
    dependsOn: z.array(z.string()),
    /** With `tools=names`. */
    toolNames: z.array(z.string()).optional(),
  }),
);

export const serverList = named('ServerList', z.strictObject({ servers: z.array(server) }));

export const commandType = named('CommandType', z.enum(commandTypes));
