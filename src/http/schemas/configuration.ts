/** The configuration, and what another one would do. */

import * as z from 'zod';
import { inputProblem, plainObject } from './common.ts';
import { anyRecord, named } from './names.ts';

/** As it may be read. Other programs' keys at its top are kept. */
export const configurationInForce = named(
  'ConfigurationInForce',
  z.looseObject({ mcpServers: anyRecord, mcpvisor: anyRecord.optional() }),
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
