/** Descriptions of tools for models. */

import type { CatalogTool } from '../../contract.ts';

/** Never empty: without a description or title, the tool's name. `note`: what its schema cannot express. */
export function descriptionOf({ name, title, description }: CatalogTool, note: string | null): string {
  const words = [description, title].find((text): text is string => typeof text === 'string' && text !== '') ?? name;
  return note === null ? words : `${words}\n${note}`;
}

/** The tool with its server's name added to its description. */
export function withOrigin(tool: CatalogTool): CatalogTool {
  return { ...tool, description: `[server: ${tool.server}] ${descriptionOf(tool, null)}` };
}
