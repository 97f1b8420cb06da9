/** The tools of the catalog in each format. */

import type { Supervisor, ToolsOptions } from '../../contract.ts';
import type { Catalog } from '../catalog.ts';
import { toAnthropicTool } from './anthropic.ts';
import { withOrigin } from './description.ts';
import { toOpenAiTool } from './openai.ts';

export function createToolLists(catalog: Catalog): Supervisor['tools'] {
  const list = ({ servers, format = 'mcp', describeOrigin = false }: ToolsOptions = {}) => {
    const plain = catalog.tools(servers && { servers });
    const tools = describeOrigin ? plain.map(withOrigin) : plain;
    if (format === 'openai') return tools.map(toOpenAiTool);
    return format === 'anthropic' ? tools.map(toAnthropicTool) : tools;
  };
  // The result depends on the format. The overloads of the contract can express that, an arrow function cannot.
  return list as Supervisor['tools'];
}
