/** The JSON Schema for editors, generated from the schema that checks the file. */

import * as z from 'zod';
import { commentPattern } from '../entries/names.ts';
import { documentSchema } from './schema.ts';

/** The text of `mcp.schema.json`. Draft 7, which editors support best. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(documentSchema, { io: 'input', target: 'draft-7' });
  const servers = schema.properties?.mcpServers;
  // A comment may be anything.
  const mcpServers = {
    ...(typeof servers === 'object' && servers),
    patternProperties: { [commentPattern.source]: true },
  };
  const properties = { ...schema.properties, mcpServers };
  return `${JSON.stringify(
    { ...schema, properties, title: 'mcp.json of mcpvisor', allowComments: true, allowTrailingCommas: true },
    null,
    2,
  )}\n`;
}
