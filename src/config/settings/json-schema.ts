/** The JSON Schema that editors use, made of the same schema that checks the file. */

import * as z from 'zod';
import { documentSchema } from './schema.ts';

/** The text of `mcp.schema.json`. Draft 7, because that is what editors know best. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(documentSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ ...schema, title: 'mcp.json of mcpvisor', allowComments: true, allowTrailingCommas: true }, null, 2)}\n`;
}
