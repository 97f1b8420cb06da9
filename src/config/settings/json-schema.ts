/** The JSON Schema for editors, generated from the schema that checks the file. */

import * as z from 'zod';
import { documentSchema } from './schema.ts';

/** The text of `mcp.schema.json`. Draft 7, which editors support best. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(documentSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ ...schema, title: 'mcp.json of mcpvisor', allowComments: true, allowTrailingCommas: true }, null, 2)}\n`;
}
