import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../src/config/expand/env-file.ts';

const read = (text: string) => Object.fromEntries(parseEnvFile(text));

describe('a file of variables', () => {
  it.each<[string, string, Record<string, string>]>([
    ['plain lines', 'A=1\nB = 2 \n C=3', { A: '1', B: '2', C: '3' }],
    ['line ends of Windows, and of old', 'A=1\r\nB="x y"\r\nC=3\rD=4', { A: '1', B: 'x y', C: '3', D: '4' }],
    ['a byte order mark', '\uFEFFA=1', { A: '1' }],
    ['export', 'export A=1\n  export\tB=2\nexported=3\nexport=4', { A: '1', B: '2', exported: '3', export: '4' }],
    ['comments', '# no\nA=1 # in\nB="a#b" # c\nC=#\n#D=1', { A: '1', B: 'a#b', C: '' }],
    ['empty values', 'A=\nB=""\nC=\'\'\nD=', { A: '', B: '', C: '', D: '' }],
    ['tabs around the sign', 'A\t=\t1\t', { A: '1' }],
    [
      'what a value may hold',
      'A=b=c==\nB=$HOME ${HOME}\nC={"a":1}\nD=it\'s',
      { A: 'b=c==', B: '$HOME ${HOME}', C: '{"a":1}', D: "it's" },
    ],
    ['every kind of quotes', 'A=" x "\nB=\' y \'\nC=` z `', { A: ' x ', B: ' y ', C: ' z ' }],
    ['text over several lines', 'A="one\ntwo"\nB=\'three\nfour\'\nC=5', { A: 'one\ntwo', B: 'three\nfour', C: '5' }],
    [
      'escapes in double quotes',
      `${String.raw`A="a\nb"`}\n${String.raw`B='a\nb'`}\n${String.raw`C="C:\dir\"`}`,
      { A: 'a\nb', B: String.raw`a\nb`, C: 'C:\\dir\\' },
    ],
    ['quotes in quotes', `${String.raw`A="{\"a\": \"b\"}"`}\nB=2`, { A: '{"a": "b"}', B: '2' }],
    ['a quote that is not closed', 'A="x\nB=2', { A: '"x', B: '2' }],
    ['text behind a closed quote', 'A="x"y', { A: '"x"y' }],
    ['the last of two', 'A=1\nA=2', { A: '2' }],
  ])('may have %s', (_what, text, values) => {
    expect(read(text)).toEqual(values);
  });

  it('loses nothing behind a line that sets nothing', () => {
    expect(read('A\nB=2\n-----\n= 3\nC=4')).toEqual({ B: '2', C: '4' });
  });
});
