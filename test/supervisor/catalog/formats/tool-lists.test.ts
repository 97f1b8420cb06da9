import { describe, expect, it } from 'vitest';
import { hostInMemory, insideEntries } from '../../../support/in-memory.ts';
import { openStage, textOf, untilState } from '../../../support/supervised.ts';

const inputSchema = { type: 'object' as const };
const names = ['echo', 'a.b/c', 'ünïcode', 'x'.repeat(100), 'with space', '__private', 'echo__echo'];
const tools = [
  { name: 'echo', description: 'Says it again', inputSchema },
  ...names.slice(1).map((name) => ({ name, inputSchema })),
];

async function openTwo() {
  const answerer = (server: string) => ({
    tools,
    answer: (tool: string) => ({ content: [{ type: 'text' as const, text: `${server}: ${tool}` }] }),
  });
  const { transports } = hostInMemory({ one: answerer('one'), 'one.two': answerer('one.two') });
  const supervisor = await openStage().open(insideEntries(['one', 'one.two']), {}, { transports });
  await supervisor.ready();
  return supervisor;
}

describe('tools for model APIs', () => {
  it('have names that every API takes, and that lead back to the right server and tool', async () => {
    const supervisor = await openTwo();
    const listed = supervisor.tools({ format: 'openai' }).map((tool) => tool.function.name);
    expect(new Set(listed).size).toBe(2 * names.length);
    for (const name of listed) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    const outcomes = await supervisor.callTools(listed.map((tool) => ({ tool })));
    const expected = ['one', 'one.two'].flatMap((server) => names.map((name) => `${server}: ${name}`));
    expect(outcomes.map((outcome) => (outcome.status === 'ok' ? textOf(outcome.result) : outcome))).toEqual(expected);
    expect(supervisor.tools({ format: 'anthropic' }).map(({ name }) => name)).toEqual(listed);
  });

  it('are what each API takes', async () => {
    const supervisor = await openTwo();
    const parameters = { type: 'object', properties: {} };
    const [openAi] = supervisor.tools({ format: 'openai', servers: ['one'] });
    expect(openAi).toEqual({
      type: 'function',
      function: { name: 'one__echo', description: 'Says it again', parameters },
    });
    const [responses] = supervisor.tools({ format: 'openai-responses', servers: ['one'] });
    expect(responses).toEqual({
      type: 'function',
      name: 'one__echo',
      description: 'Says it again',
      parameters,
      strict: false,
    });
    const anthropic = supervisor.tools({ format: 'anthropic', servers: ['one'], describeOrigin: true });
    expect(anthropic[0]).toEqual({
      name: 'one__echo',
      description: '[server: one] Says it again',
      input_schema: parameters,
    });
    expect(anthropic[1]?.description).toBe('[server: one] a.b/c');
    expect(anthropic).toHaveLength(names.length);
  });

  it('are the servers’ own otherwise', async () => {
    const supervisor = await openTwo();
    expect(supervisor.tools({ format: 'mcp' })).toEqual(supervisor.tools());
    const [first] = supervisor.tools({ describeOrigin: true });
    expect(first).toEqual({ ...supervisor.tools()[0], description: '[server: one] Says it again' });
  });
});

describe('the tools for a chat', () => {
  it('are those of connected servers, once they had time to connect, whatever names there are', async () => {
    const answer = () => ({ content: [] });
    const tool = { name: 'echo', inputSchema };
    const { transports, closeOf } = hostInMemory({ a: { tools: [tool], answer }, b: { tools: [tool], answer } });
    const supervisor = await openStage().open(
      {
        ...insideEntries(['a'], { lazy: true }),
        ...insideEntries(['b'], { restart: { baseMs: 600_000, capMs: 600_000 } }),
        broken: { command: '/nowhere/at-all' },
        off: { command: '/nowhere/at-all', disabled: true },
      },
      {},
      { transports },
    );
    await supervisor.ready();
    const shown = (tools: readonly { exposedName: string }[]) => tools.map(({ exposedName }) => exposedName);
    expect(shown(supervisor.tools({ servers: ['a', 'b', 'nobody'] }))).toEqual(['b__echo']);
    expect(shown(await supervisor.tools({ ensure: true }))).toEqual(['a__echo', 'b__echo']);
    const down = untilState(supervisor, 'b', 'backoff');
    await closeOf('b');
    await down;
    expect(shown(supervisor.tools())).toEqual(['a__echo', 'b__echo']);
    expect(shown(supervisor.tools({ stale: false }))).toEqual(['a__echo']);
    const named = await supervisor.tools({
      servers: ['b', 'a', 'nobody'],
      ensure: true,
      timeoutMs: 50,
      format: 'openai',
    });
    expect(named.map((one) => one.function.name)).toEqual(['a__echo']);
  });
});
