/**
 * The messages of model APIs, as far as they concern tools. Arrays are not readonly, so that they fit the types of the
 * APIs' own packages.
 */

/** `openai`: chat completions. `openai-responses`: OpenAI's Responses API. `anthropic`: Anthropic's Messages API. */
export const answerFormats = ['openai', 'openai-responses', 'anthropic'] as const;

export const toolFormats = ['mcp', ...answerFormats] as const;

export type ToolFormat = (typeof toolFormats)[number];

/** Formats in which a model's tool calls can be answered. */
export type AnswerFormat = (typeof answerFormats)[number];

export const structuredContents = ['auto', 'always', 'never'] as const;

/**
 * When a model is shown the `structuredContent` of a result, as JSON. MCP asks servers to send it as text, too.
 * `auto`: if the result has no text. `always`: also beside other text, unless that is the same JSON. `never`: not at all.
 */
export type StructuredContent = (typeof structuredContents)[number];

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

/** An entry of `tools` of a request for a response. */
export interface OpenAiResponsesTool {
  type: 'function';
  name: string;
  description: string;
  parameters: ModelSchema;
  /** Strict schemas must have every property as required; those of MCP servers do not. */
  strict: false;
}

/** An entry of `output` of a response. Only `function_call` items are answered. */
export interface OpenAiResponsesItem {
  readonly type: string;
  readonly call_id?: unknown;
  readonly name?: unknown;
  /** JSON. */
  readonly arguments?: unknown;
}

/** The answer to one call: an item to append to the next `input`. */
export interface OpenAiFunctionCallOutput {
  type: 'function_call_output';
  call_id: string;
  output: string;
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

/** What a model's answer has in each format: its tool calls, perhaps among other things. */
export interface ToolCallsIn {
  openai: OpenAiToolCall;
  'openai-responses': OpenAiResponsesItem;
  anthropic: AnthropicContentBlock;
}

/** What is sent back to the model in each format. */
export interface ToolAnswersIn {
  openai: OpenAiToolMessage[];
  'openai-responses': OpenAiFunctionCallOutput[];
  anthropic: AnthropicToolMessage;
}
