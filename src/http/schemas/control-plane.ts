/** The control plane itself, and what another configuration would do to it. */

import * as z from 'zod';
import { serverStates } from '../../supervisor/contract.ts';
import { inputProblem, plainObject } from './common.ts';
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

const names = z.array(z.string());
const settingChange = z.strictObject({ path: z.string(), effect: z.enum(['applied', 'at the next start']) });

export const planSchema = named(
  'Plan',
  z.strictObject({
    start: names,
    stop: names,
    restart: names,
    change: names,
    keep: names,
    disabled: z.strictObject({ add: names, change: names, remove: names }),
    groups: names,
    settings: z.array(settingChange),
    warnings: z.array(inputProblem),
  }),
);

/** A configuration as it is in a file, or inside `config`. */
export const configuration = named(
  'Configuration',
  z
    .strictObject({
      config: plainObject.optional(),
      mcpServers: plainObject.optional(),
      mcpvisor: plainObject.optional(),
    })
    .refine(({ config, mcpServers }) => (config === undefined) !== (mcpServers === undefined), {
      error: 'give mcpServers, or config: {mcpServers: …}',
    }),
);

export const shuttingDown = named('ShuttingDown', z.strictObject({ shuttingDown: z.literal(true) }));
