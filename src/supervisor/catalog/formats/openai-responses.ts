/** OpenAI's Responses API: tools, `function_call` items and `function_call_output` items. */

import type {
  OpenAiFunctionCallOutput,
  OpenAiResponsesItem,
  OpenAiResponsesTool,
} from '../../contract/model-messages.ts';
import type { CatalogTool } from '../../contract.ts';
import type { Answer } from './content.ts';
import { toOpenAiText, toOpenAiTool } from './openai.ts';
import { readJsonArguments, type ToolCall, toToolCall } from './tool-call.ts';

export function toOpenAiResponsesTool(tool: CatalogTool): OpenAiResponsesTool {
  return { type: 'function', ...toOpenAiTool(tool).function, strict: false };
}

export function isFunctionCall({ type }: OpenAiResponsesItem): boolean {
  return type === 'function_call';
}

export function readOpenAiResponsesCall({ call_id: id, name, arguments: json }: OpenAiResponsesItem): ToolCall {
  return toToolCall(typeof id === 'string' ? id : '', name, readJsonArguments(json));
}

export function toOpenAiOutput(id: string, answer: Answer): OpenAiFunctionCallOutput {
  return { type: 'function_call_output', call_id: id, output: toOpenAiText(answer) };
}
