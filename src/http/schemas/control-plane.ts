/** The control plane itself. */

import * as z from 'zod';
import { serverStates } from '../../supervisor/contract.ts';
import { named, time } from './names.ts';
import { actorAlarm, server } from './server.ts';

export const statusSchema = named(
  'Status',
  z.strictObject({
    startedAt: time,
    version: z.string(),
    state: z.string(),
    substate: z.string().nullable(),
    counts: z.strictObject(Object.fromEntries(serverStates.map((state) => [state, z.int().min(0)]))),
    clientProcess: z.null(),
    store: z.string(),
    alarms: z.array(actorAlarm),
    servers: z.array(server),
  }),
);

export const shuttingDown = named('ShuttingDown', z.strictObject({ shuttingDown: z.literal(true) }));
