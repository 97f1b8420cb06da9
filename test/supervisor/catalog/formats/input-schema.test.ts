import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { toModelInput } from '../../../../src/supervisor/catalog/formats/input-schema.ts';
import { underAttack } from '../../../support/loop-delay.ts';

const string = { type: 'string' };

describe('an input schema for model APIs', () => {
  it.each([undefined, null, true, 'nonsense', [], {}, { type: 'object' }, { type: ['object', 'null'] }])(
    'takes an object, even if the tool says %j',
    (schema) => {
      expect(toModelInput(schema)).toEqual({ schema: { type: 'object', properties: {} }, note: null });
    },
  );

  it('stays as it is when nothing stands against it, unknown keywords included', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        list: { type: 'array', items: { $ref: '#/definitions/one' } },
        any: { anyOf: [string, { type: 'null' }], 'x-order': 1 },
      },
      required: ['list'],
      additionalProperties: false,
      definitions: { one: { type: 'object', properties: { items: { const: [1] } } } },
      'x-vendor': { items: [1, 2] },
    };
    expect(toModelInput(schema)).toEqual({ schema, note: null });
  });

  it('says of every array what it holds, and tuples in the words of draft 2020-12', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        anything: { type: 'array' },
        pair: { type: 'array', items: [string, { type: 'array' }], additionalItems: false },
        open: { items: [string] },
        sealed: { type: ['array', 'null'], prefixItems: [string], unevaluatedItems: false },
      },
    };
    expect(toModelInput(schema).schema).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        anything: { type: 'array', items: {} },
        pair: { type: 'array', prefixItems: [string, { type: 'array', items: {} }], items: false },
        open: { prefixItems: [string], items: {} },
        sealed: { type: ['array', 'null'], prefixItems: [string], unevaluatedItems: false },
      },
    });
  });

  it('has no alternatives at the top: what they share is there, the rest is said in words', () => {
    const { schema, note } = toModelInput({
      type: 'object',
      properties: { verbose: { type: 'boolean' } },
      oneOf: [
        { properties: { kind: { const: 'a' }, path: string }, required: ['kind', 'path'] },
        { properties: { kind: { const: 'b' }, url: string }, required: ['kind'] },
      ],
    });
    expect(schema).toEqual({
      type: 'object',
      properties: {
        verbose: { type: 'boolean' },
        kind: { anyOf: [{ const: 'a' }, { const: 'b' }] },
        path: string,
        url: string,
      },
      required: ['kind'],
    });
    expect(note).toContain('{"oneOf":[{"properties":{"kind":{"const":"a"}');
  });

  it('takes parts and references in without a word when nothing is lost', () => {
    const $defs = { base: { type: 'object', properties: { a: string }, required: ['a'] } };
    expect(toModelInput({ $ref: '#/$defs/base', $defs })).toEqual({
      schema: { $defs, type: 'object', properties: { a: string }, required: ['a'] },
      note: null,
    });
    const both = toModelInput({
      type: 'object',
      allOf: [{ $ref: '#/$defs/base' }, { properties: { b: string } }],
      $defs,
    });
    expect(both).toEqual({
      schema: { type: 'object', $defs, properties: { a: string, b: string }, required: ['a'] },
      note: null,
    });
    const clash = toModelInput({
      type: 'object',
      properties: { a: { minLength: 2 } },
      allOf: [{ $ref: '#/$defs/base' }],
      $defs,
    });
    expect(clash.schema.properties).toEqual({ a: { minLength: 2 } });
    expect(clash.note).toContain('"allOf"');
  });

  it('refuses nothing that the tool would take', () => {
    const schemas = [
      {
        type: 'object',
        properties: { a: string },
        additionalProperties: false,
        anyOf: [{ required: ['a'] }, { properties: { b: string } }],
      },
      { type: 'object', not: { required: ['a'] }, enum: [{ b: 1 }] },
      { type: 'object', oneOf: [{ $ref: '#/definitions/a' }, true], definitions: { a: { required: ['a'] } } },
    ];
    const samples = [{}, { a: 'x' }, { b: 1 }, { b: 'x' }, { a: 'x', b: 'x' }];
    const refused = schemas.flatMap((schema) => {
      const original = new Ajv2020({ strict: false }).compile(schema);
      const ours = new Ajv2020({ strict: false }).compile(toModelInput(schema).schema);
      return samples.filter((sample) => original(sample) && !ours(sample));
    });
    expect(refused).toEqual([]);
  });

  it('of a server that means ill costs neither the stack nor the prototype', () => {
    const deep = JSON.parse(`${'{"not":'.repeat(50_000)}{}${'}'.repeat(50_000)}`) as object;
    for (const properties of [{ deep }, { a: { default: deep } }]) {
      expect(toModelInput({ $schema: 'mine', type: 'object', properties, allOf: [deep] })).toEqual({
        schema: { type: 'object', properties: {} },
        note: expect.stringContaining('too deeply'),
      });
    }
    const circular = {
      type: 'object',
      $ref: '#/$defs/a',
      $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } },
    };
    expect(toModelInput(circular).schema).toMatchObject({ type: 'object', properties: {} });
    const odd = JSON.parse('{"type":"object","anyOf":[{"properties":{"__proto__":{"type":"string"}}}]}') as object;
    expect(Object.keys(toModelInput(odd).schema.properties)).toEqual(['__proto__']);
  });
});

describe('an input schema that is made to cost much', () => {
  const big = { properties: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`p${index}`, string])) };
  const [thousands, chain] = [20_000, 90];
  const long = (name: string) => `#/$defs/${name}${'/x'.repeat(500)}`;
  const within = (name: string): object =>
    Array.from({ length: 500 }).reduce<object>((inner) => ({ x: inner }), { $ref: long(name) });
  it.each<[string, object]>([
    ['thousands of the same alternative', { anyOf: Array(thousands).fill({ $ref: '#/$defs/big' }), $defs: { big } }],
    ['thousands of the same part', { allOf: Array(thousands).fill({ $ref: '#/$defs/big' }), $defs: { big } }],
    [
      'thousands of meanings of one name',
      { oneOf: Array.from({ length: thousands }, (_, index) => ({ properties: { a: { const: index } } })) },
    ],
    [
      'thousands of lists of thousands of names',
      {
        anyOf: Array.from({ length: 2_000 }, () => ({
          required: Array.from({ length: 1_000 }, (_, index) => `n${1_000 - index}`),
        })),
      },
    ],
    [
      'references by way of references',
      {
        anyOf: Array.from({ length: thousands }, () => ({ $ref: long('d0') })),
        $defs: Object.fromEntries(Array.from({ length: chain }, (_, index) => [`d${index}`, within(`d${index + 1}`)])),
      },
    ],
  ])('is converted in time: %s', async (what, schema) => {
    const { schema: converted } = await underAttack(what, () => toModelInput(schema));
    expect(converted.type).toBe('object');
  });
});
