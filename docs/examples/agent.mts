/**
 * An agent: a question, a model, and the tools of the servers in `mcp.json`.
 *
 *   npm install mcpvisor openai
 *   OPENAI_API_KEY=… MODEL=… npx tsx agent.mts 'What does notes.txt say?'
 */

import { createSupervisor } from 'mcpvisor';
import OpenAI from 'openai';

const { MODEL = '' } = process.env;
const maxRounds = 10;

const openai = new OpenAI();
// Closed at the end, and after an error; after Ctrl-C, the servers are ended all the same.
await using supervisor = await createSupervisor({ config: './mcp.json' });

const servers = supervisor.status().servers.map(({ name }) => name);
const messages: OpenAI.ChatCompletionMessageParam[] = [
  { role: 'user', content: process.argv[2] ?? 'What can you do?' },
];

for (let round = 1; round <= maxRounds; round += 1) {
  // A server that has crashed is on its way back: this waits for it. One that will not come back is done without.
  await supervisor.ensureConnected(servers, { timeoutMs: 30_000, settle: 'all' });

  const answer = await openai.chat.completions.create({
    model: MODEL,
    messages,
    tools: supervisor.tools({ format: 'openai', stale: false }),
  });
  const message = answer.choices[0]?.message;
  if (message === undefined) throw new Error('The model gave no answer.');
  messages.push(message);
  if (message.tool_calls === undefined || message.tool_calls.length === 0) {
    console.log(message.content);
    break;
  }

  // One message for each call, made in parallel. An error is a message, too: the model reads it and tries again.
  const answers = await supervisor.answerToolCalls(message.tool_calls, {
    format: 'openai',
    timeoutMs: 60_000,
  });
  messages.push(...answers);
}
