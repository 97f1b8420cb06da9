/** A model's tool calls: parses and makes each call, and answers it in the format of the model's API. */

import { closestTo } from '../../config/spelling.ts';
import type { RequestOptions } from '../../session/contract.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { adviceOn } from '../catalog/formats/advice.ts';
import { isToolUse, readAnthropicCall, toAnthropicResult } from '../catalog/formats/anthropic.ts';
import { type Answer, answerOf, failedAnswer } from '../catalog/formats/content.ts';
import { readOpenAiCall, toOpenAiMessage } from '../catalog/formats/openai.ts';
import type { ToolCall } from '../catalog/formats/tool-call.ts';
import type { AnswerToolCallsOptions, Supervisor } from '../contract.ts';
import type {
  AnswerFormat,
  AnthropicContentBlock,
  AnthropicToolMessage,
  OpenAiToolCall,
  OpenAiToolMessage,
} from '../model-messages.ts';
import type { Calls } from './calls.ts';

export interface ToolAnswersOptions {
  readonly calls: Pick<Calls, 'callTool'>;
  readonly catalog: Catalog;
  /** The wall clock, in milliseconds. */
  readonly nowMs: () => number;
}

/** A longer list of names would not help the model. */
const mostNamesListed = 20;
/** No API accepts longer names. */
const maxNameLength = 64;

export function createToolAnswers({ calls, catalog, nowMs }: ToolAnswersOptions): Supervisor['answerToolCalls'] {
  async function answer(call: ToolCall, { servers, timeoutMs, signal }: AnswerToolCallsOptions): Promise<Answer> {
    if ('problem' in call) return failedAnswer(call.problem);
    const target = catalog.resolve(call.name) ?? catalog.presume(call.name);
    if (target === null || servers?.includes(target.server) === false)
      return failedAnswer(unknownTool(call.name, servers));
    const options: RequestOptions = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(signal !== undefined && { signal }),
    };
    try {
      return answerOf(await calls.callTool(target.server, target.tool, call.arguments, options));
    } catch (error) {
      return failedAnswer(adviceOn(error, nowMs()));
    }
  }

  function unknownTool(name: string, servers: readonly string[] | undefined): string {
    if (name.length > maxNameLength) return `There is no tool with a name of ${name.length} characters.`;
    const tools = catalog.tools(servers && { servers });
    const names = tools.map(({ exposedName }) => exposedName);
    // Models tend to drop the prefix of the server.
    const closest = tools.find((tool) => tool.name === name)?.exposedName ?? closestTo(name, names);
    const rest = names.length > 0 && names.length <= mostNamesListed ? ` There are: ${names.join(', ')}.` : '';
    return `There is no tool called "${name}".${closest === null ? '' : ` Did you mean ${closest}?`}${rest}`;
  }

  type Options = AnswerToolCallsOptions & { readonly format: AnswerFormat };
  function answerAll(
    toolCalls: readonly OpenAiToolCall[],
    options: Options & { readonly format: 'openai' },
  ): Promise<OpenAiToolMessage[]>;
  function answerAll(
    blocks: readonly AnthropicContentBlock[],
    options: Options & { readonly format: 'anthropic' },
  ): Promise<AnthropicToolMessage>;
  async function answerAll(
    asked: readonly unknown[],
    options: Options,
  ): Promise<OpenAiToolMessage[] | AnthropicToolMessage> {
    if (options.format === 'openai') {
      const called = asked as readonly OpenAiToolCall[];
      return Promise.all(
        called.map(async (call) => toOpenAiMessage(call.id, await answer(readOpenAiCall(call), options))),
      );
    }
    const uses = (asked as readonly AnthropicContentBlock[]).filter(isToolUse).map(readAnthropicCall);
    return {
      role: 'user',
      content: await Promise.all(uses.map(async (call) => toAnthropicResult(call.id, await answer(call, options)))),
    };
  }
  return answerAll;
}
