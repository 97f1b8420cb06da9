import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import type { OpenAiToolCall, Supervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { openStage, untilState } from '../../support/supervised.ts';

const inputSchema = { type: 'object' as const };
const png = 'iVBORw0KGgo=';

const results: Readonly<Record<string, CallToolResult>> = {
  text: {
    content: [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ],
  },
  nothing: { content: [] },
  fails: {
    content: [
      { type: 'text', text: 'no such file' },
      { type: 'image', data: png, mimeType: 'image/png' },
    ],
    isError: true,
  },
  image: {
    content: [
      { type: 'image', data: png, mimeType: 'image/png' },
      { type: 'image', data: png, mimeType: 'image/svg+xml' },
    ],
  },
  sound: { content: [{ type: 'audio', data: png, mimeType: 'audio/wav' }] },
  resources: {
    content: [
      { type: 'resource', resource: { uri: 'file:///a.txt', mimeType: 'text/plain', text: 'inside' } },
      { type: 'resource', resource: { uri: 'file:///a.png', mimeType: 'image/png', blob: png } },
      { type: 'resource', resource: { uri: 'file:///a.zip', mimeType: 'application/zip', blob: png } },
      { type: 'resource_link', uri: 'file:///b.txt', name: 'b', mimeType: 'text/plain' },
    ],
  },
  structured: { content: [], structuredContent: { sum: 3 } },
  saidTwice: { content: [{ type: 'text', text: '{ "sum": 3 }' }], structuredContent: { sum: 3 } },
  saidInWords: { content: [{ type: 'text', text: 'It is 3.' }], structuredContent: { sum: 3 } },
  shown: {
    content: [
      { type: 'image', data: png, mimeType: 'image/png' },
      { type: 'text', text: ' ' },
    ],
    structuredContent: { sum: 3 },
  },
};

async function openOne(
  extra: Readonly<Record<string, unknown>> = {},
): Promise<{ supervisor: Supervisor; calls: unknown[]; closeOf: (name: string) => Promise<void> }> {
  const calls: unknown[] = [];
  const answer = async (
    tool: string,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<CallToolResult> => {
    calls.push(args);
    if (tool === 'never') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (tool === 'throws') throw new Error('a broken tool');
    return results[tool] ?? { content: [{ type: 'text', text: JSON.stringify(args) }] };
  };
  const tools = [...Object.keys(results), 'echo', 'never', 'throws'].map((name) => ({ name, inputSchema }));
  const { transports, closeOf } = hostInMemory({ s: { tools, answer }, other: { tools, answer } });
  const supervisor = await openStage().open(
    { ...insideEntries(['s'], extra), ...insideEntries(['other'], { lazy: true }) },
    {},
    { transports },
  );
  await supervisor.ready();
  return { supervisor, calls, closeOf };
}

function openAiCall(tool: string, args = '{}'): OpenAiToolCall {
  return { id: `call ${tool}`, type: 'function', function: { name: tool, arguments: args } };
}

async function contentOf(supervisor: Supervisor, ...calls: readonly OpenAiToolCall[]): Promise<readonly string[]> {
  return (await supervisor.answerToolCalls(calls, { format: 'openai' })).map(({ content }) => content);
}

describe('the answers to tool calls of OpenAI', () => {
  it('are one message for each, in the order of the calls, whichever is done first', async () => {
    const { supervisor, calls } = await openOne();
    const slow = openAiCall('s__never');
    const asked = [slow, openAiCall('s__echo', '{"a":1}'), openAiCall('s__echo', ''), openAiCall('s__text')];
    const messages = await supervisor.answerToolCalls(asked, { format: 'openai', timeoutMs: 60 });
    expect(messages.map(({ role, tool_call_id: id }) => [role, id])).toEqual(asked.map(({ id }) => ['tool', id]));
    expect(messages[0]?.content).toMatch(/^Error: .*got no answer within 60 ms.*check before you repeat it/);
    expect(messages.slice(1).map(({ content }) => content)).toEqual(['{"a":1}', '{}', 'one\ntwo']);
    expect(calls).toHaveLength(4);
  });

  it('tell in words what a tool message cannot hold', async () => {
    const { supervisor } = await openOne();
    const told = await contentOf(
      supervisor,
      ...['nothing', 'fails', 'image', 'sound', 'resources', 'structured', 'saidTwice'].map((tool) =>
        openAiCall(`s__${tool}`),
      ),
    );
    const image = '[an image, image/png, 9 bytes, which cannot be shown here]';
    expect(told).toEqual([
      '(no content)',
      `Error: no such file\n${image}`,
      `${image}\n[an image, image/svg+xml, 9 bytes, which cannot be shown here]`,
      '[a sound, audio/wav, 9 bytes, which cannot be played here]',
      [
        '[resource file:///a.txt]',
        'inside',
        '[resource file:///a.png]',
        image,
        '[resource file:///a.zip, application/zip, 9 bytes, which cannot be shown here]',
        '[link to a resource: b, file:///b.txt, text/plain]',
      ].join('\n'),
      '{"sum":3}',
      '{ "sum": 3 }',
    ]);
  });

  it.each([
    [
      'auto',
      [
        '{"sum":3}',
        '{ "sum": 3 }',
        'It is 3.',
        '[an image, image/png, 9 bytes, which cannot be shown here]\n \n{"sum":3}',
      ],
    ],
    ['always', ['{"sum":3}', '{ "sum": 3 }', 'It is 3.\n{"sum":3}', expect.stringMatching(/\n{"sum":3}$/)]],
    ['never', ['(no content)', '{ "sum": 3 }', 'It is 3.', expect.stringMatching(/shown here\]\n $/)]],
  ] as const)('show structured content as they are told to: %s', async (structured, shown) => {
    const { supervisor } = await openOne();
    const asked = ['structured', 'saidTwice', 'saidInWords', 'shown'].map((tool) => openAiCall(`s__${tool}`));
    const messages = await supervisor.answerToolCalls(asked, { format: 'openai', structured });
    expect(messages.map(({ content }) => content)).toEqual(shown);
    if (structured === 'auto') expect(await supervisor.answerToolCalls(asked, { format: 'openai' })).toEqual(messages);
  });

  it('hold a large file once', async () => {
    const folder = createScratchFolder();
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'All work and no play. '.repeat(1_000).slice(0, 21_600));
    const command = join(process.cwd(), 'node_modules/.bin/mcp-server-filesystem');
    const supervisor = await openStage().open({ files: { command, args: [folder] } });
    await supervisor.ready();
    const [message] = await supervisor.answerToolCalls(
      [openAiCall('files__read_text_file', JSON.stringify({ path }))],
      { format: 'openai' },
    );
    expect(message?.content).toContain('All work and no play.');
    expect(message?.content.length).toBeLessThanOrEqual(21_700);
  });

  it('say what is wrong with a call that cannot be made, and what to do', async () => {
    const { supervisor, calls } = await openOne();
    const told = await contentOf(
      supervisor,
      openAiCall('echo'),
      openAiCall('s__ecko'),
      openAiCall('s__echo', '{"a":'),
      openAiCall('s__echo', '[1]'),
      { id: 'custom', type: 'custom' },
      openAiCall('s__throws'),
      openAiCall('x'.repeat(1_000_000)),
    );
    expect(told[0]).toMatch(/^Error: There is no tool called "echo"\. Did you mean s__echo\? There are: s__text, /);
    expect(told[1]).toMatch(/^Error: There is no tool called "s__ecko"\. Did you mean s__echo\?/);
    expect(told[2]).toMatch(
      /^Error: The arguments are not valid JSON \(.+\): send the call again with one JSON object/,
    );
    expect(told[3]).toMatch(/^Error: The arguments are an array, not an object/);
    expect(told[4]).toMatch(/only functions can be called/);
    expect(told[5]).toMatch(/a broken tool.* Correct the arguments/);
    expect(told[6]).toMatch(/^Error: There is no tool with a name of 1000000 characters\.$/);
    expect(calls).toHaveLength(1);
  });

  it('say when a server that is down may be called again, and that what it was doing is unknown', async () => {
    const { supervisor, closeOf } = await openOne({ restart: { baseMs: 30_000, capMs: 30_000 } });
    const flying = contentOf(supervisor, openAiCall('s__never'));
    await expect.poll(() => supervisor.status('s').counts.inFlight).toBe(1);
    const down = untilState(supervisor, 's', 'backoff');
    await closeOf('s');
    expect((await flying)[0]).toMatch(/whether it was done is unknown.*check before you repeat it/);
    await down;
    expect((await contentOf(supervisor, openAiCall('s__echo')))[0]).toMatch(
      /Server "s" is in "backoff".* Nothing was done\. Call again in about \d+ s\.$/,
    );
    await supervisor.send('s', { type: 'server.stop' });
    expect((await contentOf(supervisor, openAiCall('s__echo')))[0]).toMatch(
      /is in "idle".* Do not repeat the call for now/,
    );
  });

  it('start a lazy server whose tools nobody knows yet', async () => {
    const { supervisor } = await openOne();
    expect(await contentOf(supervisor, openAiCall('other__text'))).toEqual(['one\ntwo']);
    expect(supervisor.status('other').state).toBe('connected');
  });

  it('come from the servers that are named, and end with the signal', async () => {
    const { supervisor } = await openOne();
    const [refused] = await supervisor.answerToolCalls([openAiCall('s__echo')], {
      format: 'openai',
      servers: ['other'],
    });
    expect(refused?.content).toMatch(/^Error: There is no tool called "s__echo"/);
    const ending = new AbortController();
    const answered = supervisor.answerToolCalls([openAiCall('s__never'), openAiCall('s__echo')], {
      format: 'openai',
      signal: ending.signal,
    });
    await expect.poll(() => supervisor.status('s').counts.inFlight).toBe(1);
    ending.abort();
    const [cancelled, done] = await answered;
    expect(cancelled?.content).toMatch(/cancelled by its caller/);
    expect(done?.content).toBe('{}');
  });
});

describe('the answers to tool calls of OpenAI’s Responses API', () => {
  const called = (tool: string, args: string) => ({
    type: 'function_call',
    call_id: `call ${tool}`,
    name: `s__${tool}`,
    arguments: args,
  });

  it('are one item for each function call, whatever else the output holds', async () => {
    const { supervisor } = await openOne();
    const output = [
      { type: 'reasoning', id: 'r', summary: [] },
      called('echo', '{"a":1}'),
      { type: 'web_search_call', id: 'w', status: 'completed' },
      called('fails', '{}'),
      called('echo', '{'),
    ];
    const items = await supervisor.answerToolCalls(output, { format: 'openai-responses' });
    expect(items).toEqual([
      { type: 'function_call_output', call_id: 'call echo', output: '{"a":1}' },
      { type: 'function_call_output', call_id: 'call fails', output: expect.stringMatching(/^Error: no such file/) },
      { type: 'function_call_output', call_id: 'call echo', output: expect.stringMatching(/not valid JSON/) },
    ]);
  });
});

describe('the answers to tool calls of Anthropic', () => {
  const use = (tool: string, input: unknown = {}) => ({
    type: 'tool_use',
    id: `use ${tool}`,
    name: `s__${tool}`,
    input,
  });

  it('are one message with a result for each use, whatever else the content holds', async () => {
    const { supervisor } = await openOne();
    const content = [
      { type: 'text', text: 'Let me see.' },
      use('text'),
      use('echo', { a: 1 }),
      use('nothing'),
      use('structured'),
    ];
    expect(await supervisor.answerToolCalls(content, { format: 'anthropic' })).toEqual({
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'use text',
          content: [
            { type: 'text', text: 'one' },
            { type: 'text', text: 'two' },
          ],
        },
        { type: 'tool_result', tool_use_id: 'use echo', content: [{ type: 'text', text: '{"a":1}' }] },
        { type: 'tool_result', tool_use_id: 'use nothing', content: [{ type: 'text', text: '(no content)' }] },
        { type: 'tool_result', tool_use_id: 'use structured', content: [{ type: 'text', text: '{"sum":3}' }] },
      ],
    });
  });

  it('show the images the API takes, but none in an error', async () => {
    const { supervisor } = await openOne();
    const { content } = await supervisor.answerToolCalls([use('image'), use('fails'), use('echo', 'x')], {
      format: 'anthropic',
    });
    expect(content.map(({ is_error: isError, content: blocks }) => [isError, blocks.map(({ type }) => type)])).toEqual([
      [undefined, ['image', 'text']],
      [true, ['text', 'text']],
      [true, ['text']],
    ]);
    expect(content[0]?.content[0]).toEqual({
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: png },
    });
  });
});
