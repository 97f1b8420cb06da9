/** The control plane itself. */

import * as z from 'zod';
import { serverStates } from '../../supervisor/contract.ts';
import { named, time } from './names.ts';
import { actorAlarm, lastFailure, server } from './server.ts';

const clientProcess = named(
  'ClientProcess',
  z.strictObject({
    state: z.string(),
    substate: z.string().nullable(),
    since: time,
    pid: z.int().nullable(),
    startedAt: time.nullable(),
    attempt: z.int().min(0),
    nextRetryAt: time.nullable(),
    lastFailure: lastFailure.nullable(),
    adopted: z.boolean(),
    sessions: z.int().min(0),
    lagMs: z.number().nullable(),
    log: z.string(),
  }),
);

const store = named(
  'Store',
  z.strictObject({
    kind: z.enum(['memory', 'level', 'lmdb', 'mongodb']),
    address: z.string(),
    state: z.enum(['ok', 'degraded']),
    since: time,
    reason: z.string().nullable(),
    queued: z.strictObject({ servers: z.int().min(0), facts: z.int().min(0) }),
    lost: z.strictObject({ servers: z.int().min(0), facts: z.int().min(0), since: time.nullable() }),
  }),
);

export const statusSchema = named(
  'Status',
  z.strictObject({
    startedAt: time,
    version: z.string(),
    state: z.string(),
    substate: z.string().nullable(),
    counts: z.strictObject(Object.fromEntries(serverStates.map((state) => [state, z.int().min(0)]))),
    clientProcess: clientProcess.nullable(),
    store,
    configVersion: z.int().min(0),
    alarms: z.array(actorAlarm),
    servers: z.array(server),
  }),
);

export const shuttingDown = named('ShuttingDown', z.strictObject({ shuttingDown: z.literal(true) }));
