/** A model's tool calls: parses and makes each call, and answers it in the format of the model's API. */

import { closestTo } from '../../config/spelling.ts';
import type { RequestOptions } from '../../session/contract.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { adviceOn } from '../catalog/formats/advice.ts';
import { isToolUse, readAnthropicCall, toAnthropicResult } from '../catalog/formats/anthropic.ts';
import { type Answer, answerOf, failedAnswer } from '../catalog/formats/content.ts';
import { readOpenAiCall, toOpenAiMessage } from '../catalog/formats/openai.ts';
import { isFunctionCall, readOpenAiResponsesCall, toOpenAiOutput } from '../catalog/formats/openai-responses.ts';
import type { ToolCall } from '../catalog/formats/tool-call.ts';
import type { AnswerFormat, ToolAnswersIn, ToolCallsIn } from '../contract/model-messages.ts';
import type { AnswerToolCallsOptions, Supervisor } from '../contract.ts';
import type { Calls } from './calls.ts';

export interface ToolAnswersOptions {
  readonly calls: Pick<Calls, 'callTool'>;
  readonly catalog: Catalog;
  /** The wall clock, in milliseconds. */
  readonly nowMs: () => number;
}

/** A longer list of names would not help the model. */
const mostNamesListed = 20;
/** More are not compared with a name that no tool has: a model may call hundreds of such tools at once. */
const mostNamesCompared = 1_000;
/** No API accepts longer names. */
const maxNameLength = 64;

export function createToolAnswers({ calls, catalog, nowMs }: ToolAnswersOptions): Supervisor['answerToolCalls'] {
  async function answer(call: ToolCall, options: AnswerToolCallsOptions): Promise<Answer> {
    const { servers, timeoutMs, structured, signal } = options;
    if ('problem' in call) return failedAnswer(call.problem);
    const target = catalog.resolve(call.name) ?? catalog.presume(call.name);
    if (target === null || servers?.includes(target.server) === false)
      return failedAnswer(unknownTool(call.name, servers));
    const limits: RequestOptions = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(signal !== undefined && { signal }),
    };
    try {
      return answerOf(await calls.callTool(target.server, target.tool, call.arguments, limits), structured);
    } catch (error) {
      return failedAnswer(adviceOn(error, nowMs()));
    }
  }

  function unknownTool(name: string, servers: readonly string[] | undefined): string {
    if (name.length > maxNameLength) return `There is no tool with a name of ${name.length} characters.`;
    const names = catalog.exposedNames(mostNamesCompared, servers);
    // Models tend to drop the prefix of the server.
    const closest = catalog.exposedNameOf(name, servers) ?? closestTo(name, names);
    const rest = names.length > 0 && names.length <= mostNamesListed ? ` There are: ${names.join(', ')}.` : '';
    return `There is no tool called "${name}".${closest === null ? '' : ` Did you mean ${closest}?`}${rest}`;
  }

  const answerEach = <Said>(
    toolCalls: readonly ToolCall[],
    options: AnswerToolCallsOptions,
    say: (id: string, answered: Answer) => Said,
  ): Promise<Said[]> => Promise.all(toolCalls.map(async (call) => say(call.id, await answer(call, options))));

  const answerIn: AnswerIn = {
    openai: (asked, options) => answerEach(asked.map(readOpenAiCall), options, toOpenAiMessage),
    'openai-responses': (items, options) =>
      answerEach(items.filter(isFunctionCall).map(readOpenAiResponsesCall), options, toOpenAiOutput),
    anthropic: async (blocks, options) => ({
      role: 'user',
      content: await answerEach(blocks.filter(isToolUse).map(readAnthropicCall), options, toAnthropicResult),
    }),
  };
  return (toolCalls, options) => answerIn[options.format](toolCalls, options);
}

type AnswerIn = {
  readonly [Format in AnswerFormat]: (
    toolCalls: readonly ToolCallsIn[Format][],
    options: AnswerToolCallsOptions,
  ) => Promise<ToolAnswersIn[Format]>;
};
