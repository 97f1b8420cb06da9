import { describe, expect, it } from 'vitest';
import { canonical } from '../../../src/config/plan/canonical.ts';

class Live {
  readonly size = 1;
}

function cycle(size: number): object {
  const self: { size: number; self?: unknown } = { size };
  self.self = self;
  return self;
}

/** `levels` objects in each other, with this innermost. */
function nested(levels: number, innermost: unknown): unknown {
  let value = innermost;
  for (let level = 0; level < levels; level += 1) value = { value };
  return value;
}

/** Each level is twice in the one above: written out, it has 2 ** `levels` parts. */
function doubled(levels: number, innermost: unknown): unknown {
  let value = innermost;
  for (let level = 0; level < levels; level += 1) value = [value, value];
  return value;
}

const throwing = () => {
  throw new Error('a mistake of the host');
};

describe('the text of an entry', () => {
  it('has its keys in one order, and leaves out what is undefined', () => {
    expect(canonical({ b: [1, null, undefined], a: { d: 'x', c: true }, e: undefined })).toBe(
      '{"a":{"c":true,"d":"x"},"b":[1,null,null]}',
    );
  });

  it.each<[string, unknown, unknown]>([
    ['a BigInt', 1n, 2n],
    ['a BigInt and its text', 1n, '1n'],
    ['a date', new Date(1), new Date(2)],
    ['what is beside a cycle', cycle(1), cycle(2)],
    ['what is deep', nested(400, 1), nested(400, 2)],
    ['what is in many places', doubled(100, 1), doubled(100, 2)],
    ['the end of a long text', `${'x'.repeat(5_000)}1`, `${'x'.repeat(5_000)}2`],
    [
      'the end of a long list',
      [...Array.from({ length: 5_000 }).keys(), 1],
      [...Array.from({ length: 5_000 }).keys(), 2],
    ],
    ['what its own JSON says', { toJSON: () => 1 }, { toJSON: () => 2 }],
  ])('differs by %s', (_, one, other) => {
    expect(canonical({ value: one })).toBe(canonical({ value: one }));
    expect(canonical({ value: one })).not.toBe(canonical({ value: other }));
  });

  it('is the same whether an object is in two places, or two that are the same', () => {
    const shared = { list: ['x'.repeat(2_000)] };
    expect(canonical({ a: shared, b: shared })).toBe(canonical(structuredClone({ a: shared, b: { ...shared } })));
  });

  it.each<[string, unknown]>([
    ['a function', throwing],
    ['a symbol', Symbol('s')],
    ['an object of a class', new Live()],
    ['a map', new Map([[1, 2]])],
    ['a getter that throws', Object.defineProperty({}, 'x', { get: throwing, enumerable: true })],
    ['JSON of its own that throws', { toJSON: throwing }],
    ['a proxy that throws', new Proxy({}, { ownKeys: throwing })],
    ['a proxy that was revoked', revoked()],
  ])('leaves out %s', (_, value) => {
    expect(canonical({ size: 1, value })).toBe('{"size":1}');
  });

  it('leaves out what is deeper than the stack bears', () => {
    expect(canonical(nested(100_000, 1))).toBe(canonical(nested(100_000, 2)));
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
