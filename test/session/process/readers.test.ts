import { PassThrough } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { createMessageReader } from '../../../src/session/stdio/reader.ts';
import { createStderrReader } from '../../../src/session/stdio/stderr.ts';
import { createLineSplitter } from '../../../src/session/stdio/stderr-lines.ts';
import { roomOf } from '../rooms.ts';

function createReader(maxBytes = 1024 * 1024) {
  const messages: JSONRPCMessage[] = [];
  const errors: string[] = [];
  let tooLarge = 0;
  const reader = createMessageReader({
    maxBytes,
    room: roomOf(),
    onMessage: (message) => messages.push(message),
    onMalformed: ({ message }) => errors.push(message),
    onTooLarge: () => {
      tooLarge += 1;
    },
  });
  return { reader, messages, errors, tooLarge: () => tooLarge };
}

const message = { jsonrpc: '2.0', id: 1, result: { text: 'naïve 漢字 🙂' } } as const;

describe('messages on stdout', () => {
  it('are read whatever the chunks are, in the middle of characters too', () => {
    const bytes = Buffer.from(`${JSON.stringify(message)}\r\n\n${JSON.stringify(message)}\n`);
    for (let size = 1; size < bytes.length; size += 1) {
      const { reader, messages, errors } = createReader();
      for (let at = 0; at < bytes.length; at += size) reader.push(Buffer.from(bytes.subarray(at, at + size)));
      expect(messages).toEqual([message, message]);
      expect(errors).toEqual([]);
    }
  });

  it('are delivered before push returns, in order', () => {
    const { reader, messages } = createReader();
    reader.push(
      Buffer.from(
        '{"jsonrpc":"2.0","method":"a"}\n{"jsonrpc":"2.0","id":1,"result":{}}\n{"jsonrpc":"2.0","method":"b"}\n',
      ),
    );
    expect(messages).toMatchObject([{ method: 'a' }, { id: 1 }, { method: 'b' }]);
  });

  it('that are none are told with an excerpt and skipped', () => {
    const { reader, messages, errors } = createReader();
    reader.push(Buffer.from(`hello ${'x'.repeat(50_000)}\n[]\n"text"\nnull\n{"id":1}\n${JSON.stringify(message)}\n`));
    expect(messages).toEqual([message]);
    expect(errors).toHaveLength(5);
    expect(errors[0]).toContain('hello x');
    expect(errors[0]?.length).toBeLessThan(17 * 1024);
    expect(errors[1]).toContain('a batch');
  });

  it('may come several on a line', () => {
    const { reader, messages, errors } = createReader();
    reader.push(
      Buffer.from(`[${JSON.stringify(message)},${JSON.stringify(message)}]\n[${JSON.stringify(message)},1]\n`),
    );
    expect(messages).toEqual([message, message]);
    expect(errors).toEqual([expect.stringContaining('a batch')]);
  });

  it('may have members without a value', () => {
    const { reader, messages } = createReader();
    reader.push(Buffer.from(`${JSON.stringify({ ...message, method: null, params: null, error: null })}\n`));
    expect(messages).toEqual([message]);
  });

  it('may stand behind the byte order mark with which some runtimes begin', () => {
    const { reader, messages, errors } = createReader();
    reader.push(Buffer.from(`\uFEFF${JSON.stringify(message)}\n\uFEFF\n\uFEFFhello\n`));
    expect(messages).toEqual([message]);
    expect(errors).toEqual([expect.stringContaining('hello')]);
  });

  it('may have exactly the size that is allowed', () => {
    const line = Buffer.from(JSON.stringify(message));
    const fitting = createReader(line.length);
    fitting.reader.push(line);
    fitting.reader.push(Buffer.from('\n'));
    expect(fitting.messages).toEqual([message]);
    const tight = createReader(line.length - 1);
    tight.reader.push(line);
    tight.reader.push(Buffer.from(`\n${JSON.stringify(message)}\n`));
    expect(tight.messages).toEqual([]);
    expect(tight.tooLarge()).toBe(1);
  });
});

describe('stderr', () => {
  async function read(chunks: readonly (string | Buffer)[], maxBytes = 1024) {
    const stream = new PassThrough();
    const lines: string[] = [];
    const reader = createStderrReader(stream, maxBytes, (told) => lines.push(...told));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await new Promise((resolve) => stream.on('close', resolve));
    return { reader, lines };
  }

  it('keeps the last lines and forgets the others', async () => {
    const { reader } = await read(Array.from({ length: 1_000 }, (_, index) => `line ${index}\n`));
    expect(reader.tail(3)).toEqual(['line 997', 'line 998', 'line 999']);
    const all = reader.tail(1_000);
    expect(all.length).toBeGreaterThan(80);
    expect(all.length).toBeLessThan(120);
    expect(all.every((line) => /^line \d{3}$/.test(line))).toBe(true);
  });

  it('keeps the end of a chunk that is larger than all it keeps', async () => {
    const { reader } = await read([`${'first '.repeat(10_000)}\nlast\n`, 'after\n'], 64);
    expect(reader.tail(5)).toEqual(['last', 'after']);
  });

  it('is told line by line, the last one without its end too', async () => {
    const { lines } = await read([
      'one\r\ntw',
      'o\n',
      Buffer.from('é\n').subarray(0, 1),
      Buffer.from('é\n').subarray(1),
      '\nend',
    ]);
    expect(lines).toEqual(['one', 'two', 'é', '', 'end']);
  });

  it('has long lines cut', async () => {
    const { lines } = await read(['x'.repeat(100_000), 'y\nnext\n']);
    expect(lines.map(({ length }) => length)).toEqual([16 * 1024, 4]);
  });

  it('has long lines cut in what is kept, too', async () => {
    const { reader } = await read(['x'.repeat(40_000), '\nnext\n'], 64 * 1024);
    expect(reader.tail(5).map(({ length }) => length)).toEqual([16 * 1024, 4]);
  });

  it('in a flood is counted instead of told', () => {
    const lines: string[] = [];
    const teller = createLineSplitter((line) => lines.push(line));
    const chunk = Buffer.from('noise\n'.repeat(10_000));
    for (let round = 0; round < 100; round += 1) teller.push(chunk);
    teller.end();
    const leftOut = lines
      .map((line) => Number(/^\((\d+) lines left out/.exec(line)?.[1] ?? 0))
      .reduce((sum, count) => sum + count, 0);
    expect(lines.filter((line) => line === 'noise').length + leftOut).toBe(1_000_000);
    expect(leftOut).toBeGreaterThan(0);
  });
});
