/** The tools of the catalog in each format. */

import type { ToolFormat } from '../../contract/model-messages.ts';
import type { CatalogTool, EnsureOptions, Supervisor, ToolsIn, ToolsOptions } from '../../contract.ts';
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

export interface ToolListsOptions {
  readonly catalog: Catalog;
  readonly ensureConnected: Supervisor['ensureConnected'];
  /** The servers that a host means if it names none. */
  readonly enabled: () => readonly string[];
}

export function createToolLists({ catalog, ensureConnected, enabled }: ToolListsOptions): Supervisor['tools'] {
  const list = ({ format = 'mcp', describeOrigin = false, ...filter }: ToolsOptions): readonly object[] => {
    const plain = catalog.tools(filter);
    const tools = describeOrigin ? plain.map(withOrigin) : plain;
    const convert: (tool: CatalogTool) => object = converters[format];
    return tools.map(convert);
  };
  const listOnceConnected = async ({ timeoutMs, signal, ...options }: ToolsOptions & EnsureOptions) => {
    const patience = { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal !== undefined && { signal }) };
    await ensureConnected(options.servers ?? enabled(), { ...patience, settle: 'all' });
    return list({ ...options, stale: false });
  };
  const tools = ({ ensure = false, ...options }: ToolsOptions & EnsureOptions & { readonly ensure?: boolean } = {}) =>
    ensure ? listOnceConnected(options) : list(options);
  // The result depends on `format` and `ensure`. The signatures of the contract can express that.
  return tools as Supervisor['tools'];
}
