/**
 * The agent of agent.mts with OpenAI's Responses API.
 *
 *   npm install mcpvisor openai
 *   OPENAI_API_KEY=… MODEL=… npx tsx agent-responses.mts 'What does notes.txt say?'
 */

import { createSupervisor } from 'mcpvisor';
import OpenAI from 'openai';

const { MODEL = '' } = process.env;
const maxRounds = 10;

const openai = new OpenAI();
await using supervisor = await createSupervisor({ config: './mcp.json' });

let input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: process.argv[2] ?? 'What can you do?' }];
let previousId: string | null = null;

for (let round = 1; round <= maxRounds; round += 1) {
  const response: OpenAI.Responses.Response = await openai.responses.create({
    model: MODEL,
    previous_response_id: previousId,
    input,
    // Waits for servers that start or come back; lists what is connected then.
    tools: await supervisor.tools({ format: 'openai-responses', ensure: true, timeoutMs: 30_000 }),
  });
  const answers = await supervisor.answerToolCalls(response.output, { format: 'openai-responses' });
  if (answers.length === 0) {
    console.log(response.output_text);
    break;
  }
  input = answers;
  previousId = response.id;
}
