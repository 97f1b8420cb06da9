import { describe, expect, it } from 'vitest';
import { isComment, nameMistake } from '../../../src/config/entries/names.ts';
import { parseNamesParameter, toNamesParameter, toShellWord, toWords } from '../../../src/names.ts';
import { fileNameOf } from '../../../src/observe/server-logs/names.ts';

describe('the name of a server', () => {
  it.each([
    'a',
    'My Server',
    '天気',
    'a/b',
    'x'.repeat(128),
    '🙂'.repeat(128),
    'constructor',
    'é',
    '-',
    '...',
    'group',
  ])('may be %s', (name) => {
    expect(nameMistake(name)).toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['blank', '  '],
    ['for all', '*'],
    ['a folder', '.'],
    ['a folder above', '..'],
    ['a group', 'group:a'],
    ['too long', 'x'.repeat(129)],
    ['a line break', 'a\nb'],
    ['an escape', 'a\u001b[31m'],
    ['a control character of Latin-1', 'a\u009b31m'],
    ['a change of direction', 'a\u202eb'],
    ['an isolate', 'a\u2066b'],
    ['a line separator', 'a\u2028b'],
    ['half a pair', 'a\ud800'],
    ['invisible', 'a\u200b'],
    ['with a separate accent', 'e\u0301'],
  ])('may not be %s', (_, name) => {
    expect(nameMistake(name)).not.toBeNull();
  });

  it('is no comment because every object has it', () => {
    expect(['_a', '//a', '_comment', '/a', 'a_', '__proto__'].map(isComment)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a name that is written', () => {
  it('is in quotes where it is not one word', () => {
    expect(['a.b-c', '天気', 'a b', 'a, b', 'a"b'].map(toWords)).toEqual([
      'a.b-c',
      '天気',
      '"a b"',
      '"a, b"',
      '"a\\"b"',
    ]);
  });

  it('is one word of a command', () => {
    expect(['a.b', 'a b', "it's", '$(x)', '-a'].map(toShellWord)).toEqual([
      'a.b',
      "'a b'",
      "'it'\\''s'",
      "'$(x)'",
      "'-a'",
    ]);
  });

  it('comes back from a query', () => {
    const names = ['a', 'a,b', '50%', '%2c', '%25', 'x y'];
    expect(parseNamesParameter(toNamesParameter(names))).toEqual(names);
    expect(parseNamesParameter('a,b,,50%')).toEqual(['a', 'b', '50%']);
  });

  it('names one file, and none but its own', () => {
    const names = [
      'a',
      'A b',
      'a/b',
      '../a',
      '.',
      'a%2Fb',
      'mcpvisor',
      'mcpvisor~',
      '天'.repeat(128),
      '天'.repeat(127),
    ];
    const files = names.map(fileNameOf);
    expect(new Set(files).size).toBe(names.length);
    expect(files.every((file) => /^[A-Za-z0-9_%][A-Za-z0-9_.%~-]*\.log$/.test(file) && file.length < 200)).toBe(true);
    expect(files[0]).toBe('a.log');
  });
});
