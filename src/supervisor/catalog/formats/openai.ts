/** OpenAI's chat completions: tools, tool calls and tool messages. */

import type { OpenAiTool, OpenAiToolCall, OpenAiToolMessage } from '../../contract/model-messages.ts';
import type { CatalogTool } from '../../contract.ts';
import { type Answer, describeImage } from './content.ts';
import { descriptionOf } from './description.ts';
import { toModelInput } from './input-schema.ts';
import { readJsonArguments, type ToolCall, toToolCall } from './tool-call.ts';

export function toOpenAiTool(tool: CatalogTool): OpenAiTool {
  const { schema, note } = toModelInput(tool.inputSchema);
  return {
    type: 'function',
    function: { name: tool.exposedName, description: descriptionOf(tool, note), parameters: schema },
  };
}

export function readOpenAiCall({ id, function: called }: OpenAiToolCall): ToolCall {
  return toToolCall(id, called?.name, readJsonArguments(called?.arguments));
}

export function toOpenAiMessage(id: string, answer: Answer): OpenAiToolMessage {
  return { role: 'tool', tool_call_id: id, content: toOpenAiText(answer) };
}

/** There is no field for a failure, so the text of an error begins with "Error:". */
export function toOpenAiText({ isError, parts }: Answer): string {
  const text = parts.map((part) => (part.kind === 'text' ? part.text : describeImage(part))).join('\n');
  const content = text === '' ? '(no content)' : text;
  return isError ? `Error: ${content}` : content;
}
