/**
 * The agent of agent.mts with Anthropic's Messages API.
 *
 *   npm install mcpvisor @anthropic-ai/sdk
 *   ANTHROPIC_API_KEY=… MODEL=… npx tsx agent-anthropic.mts 'What does notes.txt say?'
 */

import Anthropic from '@anthropic-ai/sdk';
import { createSupervisor } from 'mcpvisor';

const { MODEL = '' } = process.env;
const maxRounds = 10;

const anthropic = new Anthropic();
await using supervisor = await createSupervisor({ config: './mcp.json' });

const messages: Anthropic.MessageParam[] = [{ role: 'user', content: process.argv[2] ?? 'What can you do?' }];

for (let round = 1; round <= maxRounds; round += 1) {
  const { content, stop_reason } = await anthropic.messages.create({
    model: MODEL,
    max_tokens: 4_096,
    messages,
    // Waits for servers that start or come back; lists what is connected then.
    tools: await supervisor.tools({ format: 'anthropic', ensure: true, timeoutMs: 30_000 }),
  });
  if (stop_reason !== 'tool_use') {
    for (const block of content) if (block.type === 'text') console.log(block.text);
    break;
  }
  messages.push({ role: 'assistant', content });
  messages.push(await supervisor.answerToolCalls(content, { format: 'anthropic' }));
}
