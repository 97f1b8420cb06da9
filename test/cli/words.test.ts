import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPairs, parseObject, parseWords, toArguments } from '../../src/cli/commands/call/arguments.ts';
import { describeContent } from '../../src/cli/commands/call/content.ts';
import { candidatesOf } from '../../src/cli/commands/completion/candidates.ts';
import { createResume } from '../../src/cli/commands/log-resume.ts';
import { argumentsOf } from '../../src/cli/commands/tools.ts';
import { targetsOf } from '../../src/cli/commands/verbs.ts';
import { parseWait } from '../../src/cli/screen/number-options.ts';
import { isMcpvisorError } from '../../src/errors.ts';
import { toJsonText } from '../../src/text/json-text.ts';

/** `inputSchema` null: it is not known. */
function argumentsOfWords(words: readonly string[], inputSchema: unknown = null) {
  const given = parseWords(words);
  return isPairs(given) ? toArguments(given, inputSchema) : given;
}

function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (isMcpvisorError(error)) return error.code;
    throw error;
  }
}

describe('arguments of a call', () => {
  it('are JSON where they parse, else text', () => {
    const words = [
      'n=3',
      'yes=true',
      'none=null',
      'list=[1,2]',
      'text=hello world',
      'quoted="3"',
      'empty=',
      'equation=a=b',
      'path=/tmp/x',
    ];
    expect(argumentsOfWords(words)).toEqual({
      n: 3,
      yes: true,
      none: null,
      list: [1, 2],
      text: 'hello world',
      quoted: '3',
      empty: '',
      equation: 'a=b',
      path: '/tmp/x',
    });
  });

  it.each([
    [{ type: 'string' }, '1718023423.123400', '"1718023423.123400"'],
    [{ type: 'string' }, '912345678901234567', '"912345678901234567"'],
    [{ type: 'string' }, 'true', '"true"'],
    [{ type: 'string' }, 'null', '"null"'],
    [{ type: 'string' }, '{"a": 1}', JSON.stringify('{"a": 1}')],
    [{ type: 'string' }, '"3"', '"3"'],
    [{ type: 'string' }, '007', '"007"'],
    [{ type: ['string', 'null'] }, 'null', 'null'],
    [{ type: ['string', 'number'] }, '1.10', '"1.10"'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, '12', '"12"'],
    [{ oneOf: [{ $ref: '#/$defs/Name' }, { type: 'array' }] }, '12', '"12"'],
    [{ oneOf: [{ $ref: '#/$defs/Name' }, { type: 'array' }] }, '[12]', '[12]'],
    [{ allOf: [{ $ref: '#/$defs/Name' }], description: 'A name' }, '12', '"12"'],
    [{ $ref: '#/$defs/Loop' }, '12', '12'],
    [{ enum: ['1', '2'] }, '2', '"2"'],
    [{ const: '1' }, '1', '"1"'],
    [{ type: 'integer' }, '912345678901234567', '912345678901234567'],
    [{ type: 'number' }, '1.10', '1.10'],
    [{ type: 'number' }, 'many', '"many"'],
    [{ type: 'boolean' }, 'true', 'true'],
    [{}, '912345678901234567', '912345678901234567'],
    [true, 'x', '"x"'],
  ])('are what a schema %j says: %s', (schema, text, json) => {
    const $defs = { Name: { type: 'string' }, Loop: { $ref: '#/$defs/Loop' } };
    const inputSchema = { type: 'object', properties: { value: schema }, $defs };
    expect(toJsonText(argumentsOfWords([`value=${text}`], inputSchema))).toBe(`{"value":${json}}`);
  });

  it('of any name have the schema for others', () => {
    const inputSchema = { type: 'object', additionalProperties: { type: 'string' } };
    expect(argumentsOfWords(['constructor=1', 'toString=2'], inputSchema)).toEqual({ constructor: '1', toString: '2' });
  });

  it('can be one JSON object', () => {
    expect(argumentsOfWords(['{"a": {"b": 1}}'])).toEqual({ a: { b: 1 } });
    expect(argumentsOfWords([])).toEqual({});
  });

  it.each([['{"a": '], ['message'], ['=x'], ['{}', 'a=1']])('are refused when they are neither: %s', (...words) => {
    expect(codeOf(() => argumentsOfWords(words))).toBe('INVALID_REQUEST');
  });

  it('from stdin are one object', () => {
    expect(parseObject('{"a":1}\n')).toEqual({ a: 1 });
    expect(codeOf(() => parseObject('[1]'))).toBe('INVALID_REQUEST');
  });

  it('come back as they were, whatever text they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]+$/), fc.string(), (key, text) => {
        expect(argumentsOfWords([`${key}=${JSON.stringify(text)}`])).toEqual({ [key]: text });
      }),
    );
  });

  it('may be called like anything, even a prototype', () => {
    const parsed = argumentsOfWords(['__proto__=1']);
    expect(Object.keys(parsed)).toEqual(['__proto__']);
  });
});

describe('a tool’s result', () => {
  it('is its text', () => {
    expect(
      describeContent({
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two\n' },
        ],
      }),
    ).toBe('one\ntwo\n');
  });

  it('says what else there is', () => {
    const content = [
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'resource_link', uri: 'file:///a' },
      { type: 'resource', resource: { uri: 'file:///b', text: 'of b' } },
    ];
    expect(describeContent({ content })).toBe(
      '[image image/png, 3 bytes; --json has them]\n[resource_link file:///a]\nof b\n',
    );
  });

  it('is its structure where it has no text', () => {
    expect(describeContent({ content: [], structuredContent: { a: 1 } })).toBe('{\n  "a": 1\n}\n');
    expect(describeContent({ content: [] })).toBe('');
  });
});

describe('targets of a command', () => {
  it('are sent as they are said, one way', () => {
    expect(targetsOf(['three', 'group:web'], false)).toEqual(['three', 'group:web']);
    expect(targetsOf([], true)).toEqual(['*']);
    expect(codeOf(() => targetsOf([], false))).toBe('INVALID_REQUEST');
    expect(codeOf(() => targetsOf(['one'], true))).toBe('INVALID_REQUEST');
  });
});

describe('completion', () => {
  const commands = [
    { name: 'start', options: ['--all', '--json'] },
    { name: 'status', options: ['--tree'] },
    { name: 'call', options: [] },
    { name: 'completion', options: [] },
  ];
  const names = { servers: ['files', 'memory'], groups: ['web'], tools: ['echo', 'add'] };

  it.each([
    [['st'], ['start', 'status']],
    [[], ['start', 'status', 'call', 'completion']],
    [['start', 'f'], ['files']],
    [
      ['start', ''],
      ['files', 'memory', 'group:web'],
    ],
    [['start', '--a'], ['--all']],
    [['call', 'files', 'e'], ['echo']],
    [['completion', 'z'], ['zsh']],
    [['status', 'x'], []],
  ])('of %j is %j', (words, found) => {
    expect(candidatesOf(words, commands, names)).toEqual(found);
  });

  it.each([
    ['$(id)'],
    ['`id`'],
    ['$x'],
    ['a b'],
    ['a;b'],
    ['a\nb'],
    ['a\u0003b'],
    ['a\u202eb'],
    ['a"b'],
    ["a'b"],
    ['a\\b'],
    ['a*'],
    ['a{b,c}'],
    ['a=b'],
    ['!1'],
    ['~root'],
    ['=id'],
    ['#a'],
    ['-rf'],
    ['--all'],
    [''],
  ])('leaves out %j, which is more than a word to some shell', (name) => {
    const hostile = { servers: [name], groups: [name], tools: [name] };
    for (const words of [
      ['start', ''],
      ['call', ''],
      ['call', 'files', ''],
    ])
      expect(candidatesOf(words, commands, hostile)).toEqual([]);
  });

  it.each([['read_text-file'], ['a.b/c'], ['web:1'], ['@scope/server'], ['größe'], ['ファイル']])(
    'offers %j',
    (name) => {
      expect(candidatesOf(['call', 'files', ''], commands, { ...names, tools: [name] })).toEqual([name]);
    },
  );
});

describe('lines after a reconnect', () => {
  it('are shown once, those of one moment too', () => {
    const resume = createResume();
    const shownOf = (lines: readonly string[]) => {
      resume.reopened();
      return lines.filter((at) => resume.isNew(at));
    };
    expect(shownOf(['1', '2', '2'])).toEqual(['1', '2', '2']);
    expect(shownOf(['1', '2', '2', '2', '3'])).toEqual(['2', '3']);
    expect(shownOf(['2', '3', '3'])).toEqual(['3']);
    expect(shownOf(['3', '3', '4'])).toEqual(['4']);
  });
});

describe('arguments of a tool, shown', () => {
  it('tell those that may be left out', () => {
    const inputSchema = { type: 'object', properties: { message: {}, times: {} }, required: ['message'] };
    expect(argumentsOf({ inputSchema })).toBe('message [times]');
    expect(argumentsOf({ inputSchema: { type: 'object' } })).toBe('-');
    expect(argumentsOf({})).toBe('-');
  });
});

describe('a time-out', () => {
  it('is a whole number of milliseconds that can be waited for', () => {
    expect(parseWait('5', 1)).toBe(5);
    expect(parseWait(undefined, 1)).toBe(1);
    for (const text of ['-1', '1.5', 'x', '240001', ''])
      expect(codeOf(() => parseWait(text, 1))).toBe('INVALID_REQUEST');
    expect(() => parseWait('x', 1)).toThrow('"x" is not a whole number of milliseconds up to 240000');
  });
});
