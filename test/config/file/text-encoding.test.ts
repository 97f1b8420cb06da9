import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../src/config/file/text-encoding.ts';

const text = '{"größe": "天気"}\n';
const utf16 = Buffer.from(text, 'utf16le');

describe('the bytes of a text', () => {
  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 of the other order with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', utf16],
    ['UTF-16 of the other order without a mark', Buffer.from(utf16).swap16()],
  ])('are read as %s', (_, bytes) => {
    expect(decodeText(bytes)).toBe(text);
  });

  it('are refused with the line where they are no text, and nothing of them is replaced', () => {
    expect(() => decodeText(Buffer.from('a=1\nb=gr\xfc\xdfe\n', 'latin1'))).toThrow('line 2 is no UTF-8 text');
    expect(() => decodeText(Buffer.from([0xff, 0xfe, 0x00, 0xd8]))).toThrow('damaged UTF-16');
    expect(() => decodeText(Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]))).toThrow(
      'it is UTF-32 text; save it as UTF-8',
    );
    expect(() => decodeText(gzipSync(text))).toThrow('it is a compressed file (gzip)');
  });
});
