import { describe, expect, it } from 'vitest';
import { createValidator } from '../../../src/supervisor/calls/validator.ts';

/** The check, and how long it held up the loop, in milliseconds. */
function timed(schema: object, args: unknown) {
  const validate = createValidator();
  const startedAt = performance.now();
  const check = validate(schema, args);
  return { check, tookMs: performance.now() - startedAt };
}

const text = (schema: object) => ({ type: 'object', properties: { a: { type: 'string', ...schema } } });
const long = 'a'.repeat(100_000);

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
  ])('is checked or given up in time: %s', (_what, schema, args) => {
    const { tookMs } = timed(schema, args);
    expect(tookMs).toBeLessThan(5_000);
  });

  it('refuses nothing that may be right, and says what was not checked', () => {
    const { check } = timed(doubling, {});
    expect(check).toMatchObject({ valid: true, problems: [{ severity: 'warning' }] });
  });
});

describe('a usual schema', () => {
  it.each<[object, unknown, boolean]>([
    [text({ pattern: '^[a-z]{2}-\\d+$' }), { a: 'ab-12' }, true],
    [text({ pattern: '^[a-z]{2}-\\d+$' }), { a: 'ab-x' }, false],
    [text({ pattern: '^\\p{L}+$' }), { a: 'grün' }, true],
    [text({ format: 'email' }), { a: 'a@b.example' }, true],
    [text({ format: 'email' }), { a: 'nobody' }, false],
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
    expect(timed(schema, args).check.valid).toBe(valid);
  });
});
