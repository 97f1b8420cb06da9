/** Anthropic's messages: tools, `tool_use` blocks and `tool_result` blocks. */

import type {
  AnthropicContentBlock,
  AnthropicImage,
  AnthropicText,
  AnthropicTool,
  AnthropicToolResult,
} from '../../contract/model-messages.ts';
import type { CatalogTool } from '../../contract.ts';
import { type Answer, describeImage, type Part } from './content.ts';
import { descriptionOf } from './description.ts';
import { toModelInput } from './input-schema.ts';
import { readArguments, type ToolCall, toToolCall } from './tool-call.ts';

const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;

/** The API refuses a whole request for a larger image: 5 MB, as base64. */
const maxImageLength = 5_000_000;

export function toAnthropicTool(tool: CatalogTool): AnthropicTool {
  const { schema, note } = toModelInput(tool.inputSchema);
  return { name: tool.exposedName, description: descriptionOf(tool, note), input_schema: schema };
}

export function isToolUse({ type }: AnthropicContentBlock): boolean {
  return type === 'tool_use';
}

export function readAnthropicCall({ id = '', name, input }: AnthropicContentBlock): ToolCall {
  return toToolCall(id, name, readArguments(input));
}

export function toAnthropicResult(id: string, { isError, parts }: Answer): AnthropicToolResult {
  // An error may only have text, and text must not be blank.
  const content = parts
    .map((part) => toBlock(part, !isError))
    .filter((block) => block.type !== 'text' || block.text.trim() !== '');
  const said: AnthropicToolResult['content'] =
    content.length === 0 ? [{ type: 'text', text: '(no content)' }] : content;
  return { type: 'tool_result', tool_use_id: id, content: said, ...(isError && { is_error: true }) };
}

function toBlock(part: Part, mayBeImage: boolean): AnthropicText | AnthropicImage {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  const type = imageTypes.find((known) => known === part.mediaType.toLowerCase());
  if (type === undefined || !mayBeImage || part.data.length > maxImageLength)
    return { type: 'text', text: describeImage(part) };
  return { type: 'image', source: { type: 'base64', media_type: type, data: part.data } };
}
