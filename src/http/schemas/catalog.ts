/** Tools, resources, their templates and prompts, as servers list them; unknown fields are kept. */

import * as z from 'zod';
import { named } from './names.ts';

export const tool = named(
  'Tool',
  z.looseObject({
    server: z.string(),
    name: z.string(),
    exposedName: z.string(),
    autoApprove: z.boolean(),
    stale: z.boolean(),
  }),
);

const item = named('Item', z.looseObject({ server: z.string(), stale: z.boolean() }));

const unknown = z.array(z.string()).optional();

export const toolList = named('ToolList', z.strictObject({ tools: z.array(tool), unknown }));
export const resourceList = named('ResourceList', z.strictObject({ resources: z.array(item) }));
export const resourceTemplateList = named('ResourceTemplateList', z.strictObject({ resourceTemplates: z.array(item) }));
export const promptList = named('PromptList', z.strictObject({ prompts: z.array(item) }));
export const instructions = named('Instructions', z.strictObject({ instructions: z.string().nullable() }));
export const formattedTools = named('FormattedTools', z.strictObject({ tools: z.array(z.looseObject({})), unknown }));
