/** The API of a model that does what a test says: real HTTP, chat completions, no intelligence. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type OpenAI from 'openai';
import { onTestFinished } from 'vitest';

export type Conversation = Pick<OpenAI.ChatCompletionCreateParams, 'messages' | 'tools'>;

/** What the model says: text, or calls of tools, each with its arguments. */
export type Saying = string | readonly { readonly tool: string; readonly args: Readonly<Record<string, unknown>> }[];

export interface FakeModel {
  /** For `OPENAI_BASE_URL`. */
  readonly url: string;
  /** What it was asked, one conversation for each request. */
  readonly asked: readonly Conversation[];
}

export async function openFakeModel(say: (asked: Conversation) => Saying | Promise<Saying>): Promise<FakeModel> {
  const asked: Conversation[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const conversation = (await json(request)) as Conversation;
      asked.push(conversation);
      const message = toMessage(await say(conversation), asked.length);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ id: `answer-${asked.length}`, object: 'chat.completion', choices: [{ message }] }));
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return { url: `http://127.0.0.1:${address.port}/v1`, asked };
}

function toMessage(saying: Saying, round: number) {
  if (typeof saying === 'string') return { role: 'assistant', content: saying };
  const toolCalls = saying.map(({ tool, args }, index) => ({
    id: `call_${round}_${index}`,
    type: 'function',
    function: { name: tool, arguments: JSON.stringify(args) },
  }));
  return { role: 'assistant', content: null, tool_calls: toolCalls };
}
