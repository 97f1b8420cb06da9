/** The configuration, and what another one would do. */

import * as z from 'zod';
import { inputProblem, plainObject } from './common.ts';
import { anyRecord, named, time } from './names.ts';

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

/** The version that an edit is made for. */
export const versionInBody = z.int().min(0).optional();

/** A configuration as it is in a file, other programs' keys included, or inside `config`. */
export const configuration = named(
  'Configuration',
  z
    .looseObject({
      config: plainObject.optional(),
      mcpServers: plainObject.optional(),
      mcpvisor: plainObject.optional(),
      version: versionInBody,
    })
    .superRefine(({ config, mcpServers, ...others }, context) => {
      const beside = Object.keys(others).filter((key) => key !== 'version' && key !== 'mcpvisor');
      const unknown = config === undefined && mcpServers !== undefined ? [] : beside;
      if (unknown.length > 0)
        context.addIssue({ code: 'unrecognized_keys', keys: unknown, message: 'unknown field', input: others });
      else if ((config === undefined) === (mcpServers === undefined))
        context.addIssue({ code: 'custom', message: 'give mcpServers, or config: {mcpServers: …}', input: others });
    }),
);

/** An edit that is carried out from now on. */
export const edited = named('Edited', z.strictObject({ version: z.int().min(0), ...planSchema.shape }));

const changeSource = z.enum(['file', 'store', 'host']);

const versionSchema = named(
  'ConfigurationVersion',
  z.strictObject({
    version: z.int().min(1),
    at: time,
    by: z.string(),
    summary: z.string(),
    changes: z.array(
      z.strictObject({
        source: changeSource,
        server: z.string().nullable(),
        before: anyRecord.nullable(),
        after: anyRecord.nullable(),
      }),
    ),
  }),
);

export const versionsPage = named(
  'ConfigurationVersions',
  z.strictObject({ versions: z.array(versionSchema), next: z.int().min(1).nullable() }),
);

export const addedAll = named(
  'Added',
  z.strictObject({
    version: z.int().min(0),
    plan: planSchema,
    results: z.array(
      z.strictObject({ name: z.string(), outcome: z.enum(['added', 'refused']), problems: z.array(inputProblem) }),
    ),
  }),
);

/** An entry as it is in a configuration: its own fields are checked when it is taken in. */
export const entryBody = named('Entry', z.looseObject({}));
