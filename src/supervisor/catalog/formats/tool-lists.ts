/** The tools of the catalog in each format. */

import type { CatalogTool, Supervisor, ToolsIn, ToolsOptions } from '../../contract.ts';
import type { ToolFormat } from '../../model-messages.ts';
import type { Catalog } from '../catalog.ts';
import { toAnthropicTool } from './anthropic.ts';
import { withOrigin } from './description.ts';
import { toOpenAiTool } from './openai.ts';
import { toOpenAiResponsesTool } from './openai-responses.ts';

const converters: { readonly [Format in ToolFormat]: (tool: CatalogTool) => ToolsIn[Format][number] } = {
  mcp: (tool) => tool,
  openai: toOpenAiTool,
  'openai-responses': toOpenAiResponsesTool,
  anthropic: toAnthropicTool,
};

export function createToolLists(catalog: Catalog): Supervisor['tools'] {
  const list = ({ servers, format = 'mcp', describeOrigin = false }: ToolsOptions = {}) => {
    const plain = catalog.tools(servers && { servers });
    const tools = describeOrigin ? plain.map(withOrigin) : plain;
    const convert: (tool: CatalogTool) => object = converters[format];
    return tools.map(convert);
  };
  // The result depends on the format. The signature of the contract can express that, an arrow function cannot.
  return list as Supervisor['tools'];
}
