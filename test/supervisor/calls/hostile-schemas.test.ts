import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../src/supervisor/calls/validator.ts';
import { underAttack } from '../../support/loop-delay.ts';

const checkOf = (schema: object, args: unknown) => createValidator()(schema, args);

const string = { type: 'string' };
const text = (schema: object) => ({ type: 'object', properties: { a: { type: 'string', ...schema } } });
const items = (schema: object) => ({ type: 'object', properties: { a: { type: 'array', items: schema } } });
const long = 'a'.repeat(100_000);
const longer = 'a'.repeat(3_500_000);
const likeCode = 'function validate0(data, {'.repeat(9_000);
const many = { a: Array(400_000).fill('x') };
const names = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`name-${index}`, 1]));
const nested = { uniqueItems: true, items: { $ref: '#/$defs/n' } };
const deep = JSON.parse(`${'['.repeat(400)}"${'x'.repeat(3_000_000)}"${']'.repeat(400)}`);

/** `$defs` that refer to the next one twice: 2 to the 40th checks. */
const doubling = {
  allOf: [{ $ref: '#/$defs/d0' }],
  $defs: Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `d${index}`,
      index === 39 ? { type: 'object' } : { allOf: [1, 2].map(() => ({ $ref: `#/$defs/d${index + 1}` })) },
    ]),
  ),
};

describe('a schema that would hold up the loop', () => {
  it.each<[string, object, unknown]>([
    ['a pattern that tries every way', text({ pattern: '^(a+)+$' }), { a: `${long}!` }],
    ['a pattern with many stars', text({ pattern: `${'.*a'.repeat(50)}b$` }), { a: long }],
    [
      'many such patterns for names',
      { patternProperties: { '^(x*)*y': {}, '(x|x)*z': {} } },
      { [long]: 1, [`${long}b`]: 2 },
    ],
    ['a pattern without end', text({ pattern: '(a|aa)+'.repeat(1_000) }), { a: long }],
    ['a pattern of large repeats', text({ pattern: '(((a{0,30}){0,30}){0,30})*$' }), { a: `${long}!` }],
    ['a format', text({ format: 'email' }), { a: `${long}@${long}` }],
    ['another format', text({ format: 'uri' }), { a: `http://${'%41:'.repeat(50_000)}` }],
    [
      'unique items',
      { properties: { a: { uniqueItems: true } } },
      { a: Array.from({ length: 50_000 }, (_, index) => ({ index })) },
    ],
    ['references that double', doubling, {}],
    ['a reference to itself', { $ref: '#' }, {}],
    ['a huge schema', { anyOf: Array.from({ length: 50_000 }, (_, index) => ({ const: index })) }, {}],
    [
      'a schema that is nearly too large',
      { anyOf: Array.from({ length: 2_000 }, (_, index) => ({ const: index })) },
      { a: 1 },
    ],
    ['names that look like the code of a check', { properties: { [likeCode]: string } }, {}],
    ['a value that looks like the code of a check', text({ const: likeCode }), { a: 1 }],
    ['more errors than memory', items({ anyOf: Array.from({ length: 200 }, (_, index) => ({ const: index })) }), many],
    ['a length that is asked for again and again', text({ allOf: Array(500).fill({ minLength: 1 }) }), { a: longer }],
    ['items within items that are to be unique', { $ref: '#/$defs/n', $defs: { n: nested } }, deep],
    ['names that are checked one by one', { propertyNames: { anyOf: Array(200).fill({ const: 1 }) } }, names],
    ['parts that contain others', items({ contains: { contains: { const: 1 } } }), { a: [Array(300_000).fill([2])] }],
  ])('is checked or given up in time: %s', async (what, schema, args) => {
    expect(await underAttack(what, () => checkOf(schema, args))).toMatchObject({ problems: expect.any(Array) });
  });

  it('takes nothing within a text for code', () => {
    const schema = { properties: { 'errors++;': { const: 'for (const a of b){' } }, required: ['errors++;'] };
    expect(checkOf(schema, { 'errors++;': 'for (const a of b){' })).toEqual({ valid: true, problems: [] });
    expect(checkOf(schema, {})).toMatchObject({ valid: false, problems: [{ path: 'errors++;' }] });
  });

  it.each<[string, object, unknown, string]>([
    ['a pattern of many states', text({ pattern: '(?:a?){500}b' }), { a: longer }, 'takes too long'],
    ['a pattern of more repeats than memory', text({ pattern: 'x{1000}'.repeat(30_000) }), { a: 'x' }, 'a pattern has'],
    [
      'lists that are gone through again and again',
      { properties: { a: { allOf: Array(1_000).fill({ items: string }) } } },
      many,
      'takes too long',
    ],
    ['items within items that are to be unique', { $ref: '#/$defs/n', $defs: { n: nested } }, deep, 'takes too long'],
  ])('is given up, and that is said: %s', (_, schema, args, reason) => {
    const { problems } = checkOf(schema, args);
    expect(problems).toMatchObject([{ message: expect.stringContaining(reason) }]);
  });

  it('is compiled again when 256 others were used since', () => {
    const check = createValidator();
    const schemas = Array.from({ length: 257 }, () => text({}));
    for (const schema of schemas) check(schema, { a: 'x' });
    // What is compiled is kept with the schema as it was.
    for (const schema of schemas) Object.assign(schema, { required: ['b'] });
    expect(schemas.filter((schema) => !check(schema, { a: 'x' }).valid)).toHaveLength(257);
  });

  it('is told a hundred problems, of the first thousand errors', () => {
    const a = Array.from({ length: 5_000 }, () => 1);
    expect(checkOf(items(string), { a }).problems).toHaveLength(100);
    // The first thousand say the same.
    const same = items({ properties: { b: string }, required: ['b'] });
    expect(checkOf({ allOf: [...Array(1_000).fill({ required: ['c'] }), same] }, { a: [{}] }).problems).toHaveLength(1);
  });

  it('refuses nothing that may be right, and says what was not checked', () => {
    expect(checkOf(doubling, {})).toMatchObject({ valid: true, problems: [{ severity: 'warning' }] });
  });
});

describe('a usual schema', () => {
  it.each<[object, unknown, boolean]>([
    [text({ pattern: '^[a-z]{2}-\\d+$' }), { a: 'ab-12' }, true],
    [text({ pattern: '^[a-z]{2}-\\d+$' }), { a: 'ab-x' }, false],
    [text({ pattern: '^\\p{L}+$' }), { a: 'grün' }, true],
    [text({ format: 'email' }), { a: 'a@b.example' }, true],
    [text({ format: 'email' }), { a: 'nobody' }, false],
    // Longer texts are not checked.
    [text({ format: 'email' }), { a: 'x'.repeat(2_048) }, false],
    [text({ format: 'email' }), { a: 'x'.repeat(2_049) }, true],
    [
      { properties: { a: { uniqueItems: true } } },
      {
        a: [
          { x: 1, y: 2 },
          { y: 2, x: 1 },
        ],
      },
      false,
    ],
    [{ properties: { a: { uniqueItems: true } } }, { a: [1, '1', [1]] }, true],
    [
      { $defs: { n: { properties: { next: { $ref: '#/$defs/n' }, v: { type: 'number' } } } }, $ref: '#/$defs/n' },
      { next: { next: { v: 'x' } } },
      false,
    ],
  ])('is checked as before: %j, %j', (schema, args, valid) => {
    expect(checkOf(schema, args).valid).toBe(valid);
  });
});
