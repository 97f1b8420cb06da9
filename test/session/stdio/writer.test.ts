import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createMessageWriter } from '../../../src/session/stdio/writer.ts';

const mebibyte = 1024 * 1024;

/** The stdin of a server that reads when it is told to. */
function openStdin() {
  let taken = () => {};
  const stdin = new Writable({
    write(_chunk, _encoding, done) {
      taken = done;
    },
  });
  return { stdin, read: () => taken() };
}

describe('a server that asks and does not read the answers', () => {
  it('is not read either while more than 16 MiB wait for it', async () => {
    const { stdin, read } = openStdin();
    const heard: string[] = [];
    const reading = { pause: () => heard.push('pause'), resume: () => heard.push('resume') };
    const drained = new Promise<void>((resolve) => {
      const writer = createMessageWriter({ stdin, reading }, resolve);
      const answer = { jsonrpc: '2.0', id: 1, result: { text: 'x'.repeat(mebibyte) } } as const;
      for (let count = 0; count < 16; count += 1) writer.write(answer);
      expect(heard).toEqual([]);
      writer.write(answer);
      writer.write(answer);
      expect(heard).toContain('pause');
      expect(writer.isCongested).toBe(true);
    });
    const reads = setInterval(read, 1);
    await drained;
    clearInterval(reads);
    expect(heard.at(-1)).toBe('resume');
  });
});
