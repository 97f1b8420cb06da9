/** The public interface to what servers offer. */

import type { ListedItem, ListedTool } from '../../session/contract.ts';
import type { AnthropicTool, OpenAiResponsesTool, OpenAiTool, ToolFormat } from './model-messages.ts';

/** A tool as its server listed it, unknown fields included, with what mcpvisor adds. */
export interface CatalogTool extends ListedTool {
  readonly server: string;
  /** A name that every model API accepts (`^[a-zA-Z0-9_-]{1,64}$`); `callTool` resolves it. */
  readonly exposedName: string;
  /** Whether the entry's `autoApprove` names the tool. Kept for hosts that ask before a call. */
  readonly autoApprove: boolean;
  /** True while the server is not connected: the list is the last known one. */
  readonly stale: boolean;
}

/** A resource, resource template or prompt as its server listed it, unknown fields included. */
export interface CatalogItem extends ListedItem {
  readonly server: string;
  /** True while the server is not connected: the list is the last known one. */
  readonly stale: boolean;
}

/** The tools in each format. Arrays for model APIs are not readonly, so that they fit the types of their packages. */
export interface ToolsIn {
  mcp: readonly CatalogTool[];
  openai: OpenAiTool[];
  'openai-responses': OpenAiResponsesTool[];
  anthropic: AnthropicTool[];
}

export interface CatalogFilter {
  /** Only of these servers. Unknown names are passed over. Default: all. */
  readonly servers?: readonly string[];
  /** Whether the last known ones of servers that are not connected are listed, too. Default true. */
  readonly stale?: boolean;
}

export interface ToolsOptions<Format extends ToolFormat = ToolFormat> extends CatalogFilter {
  /** Default `mcp`. */
  readonly format?: Format;
  /** Whether each description begins with the name of the tool's server. Default false. */
  readonly describeOrigin?: boolean;
}
