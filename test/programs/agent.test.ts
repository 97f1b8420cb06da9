import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRunning, pidsMarked, until, untilNoneMarked } from '../support/processes.ts';
import { type Conversation, openFakeModel, type Saying } from './fake-model.ts';
import { openExampleFolder, runExample } from './running-example.ts';

const report = `${'A line of the report.'.padEnd(71)}\n`.repeat(300);

/** The answers of tools that a conversation ends with. */
function lastAnswers({ messages }: Conversation): readonly string[] {
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
    const model = await openFakeModel(async (asked) => {
      if (asked.messages.length === 1) {
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
    const env = { OPENAI_API_KEY: 'none', OPENAI_BASE_URL: model.url };
    const { ended, output } = runExample('agent.mts', example, { args: ['What do the notes say?'], env });

    expect({ code: await ended, ...output }).toEqual({ code: 0, stdout: 'The notes say: Buy milk.\n', stderr: '' });
    expect(killed).not.toEqual([]);
    const [first, second] = model.asked;
    expect(first?.messages).toEqual([{ role: 'user', content: 'What do the notes say?' }]);
    expect(first?.tools?.map((tool) => (tool.type === 'function' ? tool.function.name : ''))).toEqual(
      expect.arrayContaining(['everything__echo', 'files__read_text_file', 'memory__read_graph']),
    );
    const [text = '', echo, mistake] = second === undefined ? [] : lastAnswers(second);
    // The server sends the text twice, as structured content, too: a model is shown it once.
    expect(text).toHaveLength(report.length);
    expect(report).toHaveLength(21_600);
    expect(echo).toBe('Echo: hello');
    expect(mistake).toContain('Did you mean everything__echo?');
    await untilNoneMarked(example.shown);
  });
});
