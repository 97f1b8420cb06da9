import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRunning, pidsMarked, until, untilNoneMarked } from '../support/processes.ts';
import { type Conversation, openFakeModel, type Saying } from './fake-model.ts';
import { openExampleFolder, runExample } from './running-example.ts';

const report = `${'A line of the report.'.padEnd(71)}\n`.repeat(300);

/** The answers of tools that a conversation ends with. */
function lastAnswers({ messages = [] }: Conversation): readonly string[] {
  const from = messages.findLastIndex(({ role }) => role === 'assistant');
  return messages.slice(from + 1).map(({ content }) => (typeof content === 'string' ? content : ''));
}

describe('the agent of the examples', () => {
  it('answers with the tools of its servers, though one of them is killed in the middle', async () => {
    const example = openExampleFolder();
    writeFileSync(join(example.shown, 'report.txt'), report);
    writeFileSync(join(example.shown, 'notes.txt'), 'Buy milk.');
    const readNotes: Saying = [{ tool: 'files__read_text_file', args: { path: join(example.shown, 'notes.txt') } }];
    let killed: readonly number[] = [];
    const model = await openFakeModel(async (asked, round) => {
      if (round === 1) {
        return [
          { tool: 'files__read_text_file', args: { path: join(example.shown, 'report.txt') } },
          { tool: 'everything__echo', args: { message: 'hello' } },
          { tool: 'everything__ecko', args: {} },
        ];
      }
      if (killed.length === 0) {
        killed = pidsMarked(example.shown).filter((pid) => pid !== process.pid);
        for (const pid of killed) process.kill(pid, 'SIGKILL');
        await until('the server is gone', () => !killed.some(isRunning));
        return readNotes;
      }
      const [answer = ''] = lastAnswers(asked);
      // As models do: it reads what went wrong, and tries again.
      return answer.startsWith('Error') ? readNotes : `The notes say: ${answer}`;
    });
    const env = { MODEL: 'fake', OPENAI_API_KEY: 'none', OPENAI_BASE_URL: model.url };
    const { ended, output } = runExample('agent.mts', example, { args: ['What do the notes say?'], env });

    expect({ code: await ended, ...output }).toEqual({ code: 0, stdout: 'The notes say: Buy milk.\n', stderr: '' });
    expect(killed).not.toEqual([]);
    const [first, second] = model.asked;
    expect(first?.messages).toEqual([{ role: 'user', content: 'What do the notes say?' }]);
    const names = ['everything__echo', 'files__read_text_file', 'memory__read_graph'];
    const offered = names.map((name) => expect.objectContaining({ function: expect.objectContaining({ name }) }));
    expect(first?.tools).toEqual(expect.arrayContaining(offered));
    const [text = '', echo, mistake] = second === undefined ? [] : lastAnswers(second);
    // The server sends the text twice, as structured content, too: a model is shown it once.
    expect(text).toHaveLength(report.length);
    expect(report).toHaveLength(21_600);
    expect(echo).toBe('Echo: hello');
    expect(mistake).toContain('Did you mean everything__echo?');
    await untilNoneMarked(example.shown);
  });

  it.each([
    {
      name: 'agent-responses.mts',
      answers: [{ type: 'function_call_output', call_id: 'answer_1_0', output: 'Echo: hello' }],
    },
    {
      name: 'agent-anthropic.mts',
      answers: [
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'answer_1_0', content: [{ type: 'text', text: 'Echo: hello' }] },
          ],
        },
      ],
    },
  ])('answers with the other APIs of models: $name', async ({ name, answers }) => {
    const model = await openFakeModel((_, round) =>
      round === 1 ? [{ tool: 'everything__echo', args: { message: 'hello' } }] : 'It said hello.',
    );
    const env = {
      MODEL: 'fake',
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'none',
      ANTHROPIC_BASE_URL: model.url,
    };
    const { ended, output } = runExample(name, openExampleFolder(), { env });
    expect({ code: await ended, ...output }).toEqual({ code: 0, stdout: 'It said hello.\n', stderr: '' });
    const [first, second] = model.asked;
    expect(first?.tools).toContainEqual(expect.objectContaining({ name: 'everything__echo' }));
    expect(second?.input ?? second?.messages?.slice(2)).toEqual(answers);
  });
});
