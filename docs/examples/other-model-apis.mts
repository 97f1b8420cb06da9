/** The round of an agent (agent.mts) with OpenAI's Responses API, and with Anthropic's Messages API. */

import type Anthropic from '@anthropic-ai/sdk';
import type { Supervisor } from 'mcpvisor';
import type OpenAI from 'openai';

/** What goes on with a conversation: what to send next, and what it follows. */
interface Turn {
  readonly input: OpenAI.Responses.ResponseInput;
  readonly previousId?: string;
}

/** Asks once and calls the tools that the model wants. Returns its text, or the turn to ask with next. */
export async function askOpenAi(openai: OpenAI, supervisor: Supervisor, turn: Turn): Promise<string | Turn> {
  const response = await openai.responses.create({
    model: 'gpt-5',
    input: turn.input,
    previous_response_id: turn.previousId ?? null,
    tools: supervisor.tools({ format: 'openai-responses' }),
  });
  const answers = await supervisor.answerToolCalls(response.output, { format: 'openai-responses' });
  return answers.length === 0 ? response.output_text : { input: answers, previousId: response.id };
}

/** Asks once and calls the tools. Returns the model's text, or null: `messages` have grown, ask again. */
export async function askAnthropic(
  anthropic: Anthropic,
  supervisor: Supervisor,
  messages: Anthropic.MessageParam[],
): Promise<string | null> {
  const tools = supervisor.tools({ format: 'anthropic' });
  const { content, stop_reason } = await anthropic.messages.create({
    model: 'claude-sonnet-4-5',
    max_tokens: 4_096,
    messages,
    tools,
  });
  if (stop_reason !== 'tool_use') return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  messages.push({ role: 'assistant', content });
  messages.push(await supervisor.answerToolCalls(content, { format: 'anthropic' }));
  return null;
}
