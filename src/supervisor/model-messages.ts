/**
 * The messages of model APIs, as far as they concern tools. Arrays are not readonly, so that they fit the types of the
 * APIs' own packages.
 */

export const toolFormats = ['mcp', 'openai', 'anthropic'] as const;

export type ToolFormat = (typeof toolFormats)[number];

/** Formats in which a model's tool calls can be answered. */
export type AnswerFormat = Exclude<ToolFormat, 'mcp'>;

/**
 * An input schema that every model API accepts: an object at the top level, without the keywords that an API refuses
 * there.
 */
export interface ModelSchema {
  type: 'object';
  properties: Record<string, unknown>;
  required?: string[];
  [keyword: string]: unknown;
}

/** An entry of `tools` of a chat completion. */
export interface OpenAiTool {
  type: 'function';
  function: { name: string; description: string; parameters: ModelSchema };
}

/** An entry of `message.tool_calls`. One that calls no function is answered with an error. */
export interface OpenAiToolCall {
  readonly id: string;
  readonly type: string;
  /** `arguments` is JSON. */
  readonly function?: { readonly name: string; readonly arguments: string } | undefined;
}

/** The answer to one call: a message to append. */
export interface OpenAiToolMessage {
  role: 'tool';
  tool_call_id: string;
  content: string;
}

/** An entry of `tools` of a message request. */
export interface AnthropicTool {
  name: string;
  description: string;
  input_schema: ModelSchema;
}

/** A block of a message's content. Only `tool_use` blocks are answered. */
export interface AnthropicContentBlock {
  readonly type: string;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly input?: unknown;
}

export interface AnthropicText {
  type: 'text';
  text: string;
}

export interface AnthropicImage {
  type: 'image';
  source: { type: 'base64'; media_type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp'; data: string };
}

export interface AnthropicToolResult {
  type: 'tool_result';
  tool_use_id: string;
  content: (AnthropicText | AnthropicImage)[];
  /** Present only if the call failed. */
  is_error?: true;
}

/** The answer to all calls of a message: one message to append. */
export interface AnthropicToolMessage {
  role: 'user';
  content: AnthropicToolResult[];
}
