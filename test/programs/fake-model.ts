/** The API of a model that does what a test says: real HTTP, in the form of each provider, no intelligence. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** What a provider's package sends. */
export interface Conversation {
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly input?: readonly unknown[];
  readonly tools: readonly unknown[];
}

interface Call {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What the model says: text, or calls of tools. */
export type Saying = string | readonly Call[];

export interface FakeModel {
  /** For `OPENAI_BASE_URL` and `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  /** What it was asked, one conversation for each request. */
  readonly asked: readonly Conversation[];
}

export async function openFakeModel(
  say: (asked: Conversation, round: number) => Saying | Promise<Saying>,
): Promise<FakeModel> {
  const asked: Conversation[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const conversation = (await json(request)) as Conversation;
      const round = asked.push(conversation);
      const answerIn = forms.get(request.url ?? '');
      if (answerIn === undefined) throw new Error(`no model answers at ${request.url}`);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answerIn(await say(conversation, round), `answer_${round}`)));
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
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

type Form = (saying: Saying, id: string) => unknown;

/** By the path of the API. */
const forms = new Map<string, Form>([
  ['/chat/completions', toCompletion],
  ['/responses', toResponse],
  ['/v1/messages', toMessage],
]);

function toCompletion(saying: Saying, id: string) {
  const message =
    typeof saying === 'string'
      ? { role: 'assistant', content: saying }
      : {
          role: 'assistant',
          content: null,
          tool_calls: saying.map(({ tool, args }, index) => ({
            id: `${id}_${index}`,
            type: 'function',
            function: { name: tool, arguments: JSON.stringify(args) },
          })),
        };
  return { id, object: 'chat.completion', choices: [{ message }] };
}

function toResponse(saying: Saying, id: string) {
  const output =
    typeof saying === 'string'
      ? [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: saying }] }]
      : saying.map(({ tool, args }, index) => ({
          type: 'function_call',
          call_id: `${id}_${index}`,
          name: tool,
          arguments: JSON.stringify(args),
        }));
  return { id, object: 'response', output };
}

function toMessage(saying: Saying, id: string) {
  const isText = typeof saying === 'string';
  const content = isText
    ? [{ type: 'text', text: saying }]
    : saying.map(({ tool, args }, index) => ({ type: 'tool_use', id: `${id}_${index}`, name: tool, input: args }));
  return { id, type: 'message', role: 'assistant', content, stop_reason: isText ? 'end_turn' : 'tool_use' };
}
