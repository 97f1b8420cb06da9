/** What a model is told a tool is for. */

import type { CatalogTool } from '../../contract.ts';

/** Never empty, for want of better the tool's own name. `note`: what its schema cannot say. */
export function descriptionOf({ name, title, description }: CatalogTool, note: string | null): string {
  const words = [description, title].find((text): text is string => typeof text === 'string' && text !== '') ?? name;
  return note === null ? words : `${words}\n${note}`;
}

/** The tool with its server named in its description. */
export function withOrigin(tool: CatalogTool): CatalogTool {
  return { ...tool, description: `[server: ${tool.server}] ${descriptionOf(tool, null)}` };
}
