import { describe, expect, it } from 'vitest';
import type { CallCheck } from '../../../src/index.ts';
import { createValidator } from '../../../src/supervisor/calls/validator.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { openStage } from '../../support/supervised.ts';

describe('a call that is only checked', () => {
  it('is held against the schema of the tool, and not made', async () => {
    let made = 0;
    const tools = [
      { name: 'add', inputSchema: { type: 'object' as const, properties: { a: { type: 'number' } }, required: ['a'] } },
    ];
    const answer = () => {
      made += 1;
      return { content: [] };
    };
    const { transports } = hostInMemory({ s: { tools, answer } });
    const supervisor = await openStage().open(
      { ...insideEntries(['s']), ...insideEntries(['lazy'], { lazy: true }) },
      {},
      { transports },
    );
    await supervisor.ready();
    expect(await supervisor.checkCall('s', 'add', { a: 1 })).toEqual({ valid: true, problems: [] });
    expect(await supervisor.checkCall('s', 's__add')).toEqual({
      valid: false,
      problems: [{ path: 'a', message: 'is missing', hint: null, severity: 'error' }],
    });
    await expect(supervisor.checkCall('s', 'sub')).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
    await expect(supervisor.checkCall('t', 'add')).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' });
    await expect(supervisor.checkCall('lazy', 'add')).rejects.toMatchObject({
      code: 'SERVER_NOT_CONNECTED',
      details: { state: 'idle' },
    });
    expect([made, supervisor.status('lazy').state]).toEqual([0, 'idle']);
  });
});

function linesOf({ valid, problems }: CallCheck): readonly string[] {
  return [
    String(valid),
    ...problems.map(({ path, message, hint }) => `${path}: ${message}${hint === null ? '' : ` (${hint})`}`),
  ];
}

describe('arguments', () => {
  const validate = createValidator();

  it('are told every problem with its path at once', () => {
    const schema = {
      type: 'object',
      properties: {
        path: { type: 'string' },
        mode: { enum: ['r', 'w'] },
        list: { type: 'array', items: { type: 'object', required: ['id'] } },
        kind: { const: 'a' },
      },
      required: ['path'],
      additionalProperties: false,
    };
    expect(linesOf(validate(schema, { paths: 'x', mode: 'x', list: [{ id: 1 }, {}, 5], kind: 'b' }))).toEqual([
      'false',
      'path: is missing',
      'paths: is not an argument of this tool (did you mean path?)',
      'mode: must be one of "r", "w"',
      'list.1.id: is missing',
      'list.2: must be object',
      'kind: must be "a"',
    ]);
  });

  it.each([
    [
      'draft 7',
      { $schema: 'http://json-schema.org/draft-07/schema#', properties: { a: { items: [{ type: 'string' }] } } },
    ],
    [
      'draft 2020-12',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        properties: { a: { prefixItems: [{ type: 'string' }] } },
      },
    ],
    ['the default, 2020-12', { properties: { a: { prefixItems: [{ type: 'string' }] } } }],
    ['draft 7 unsaid', { properties: { a: { items: [{ type: 'string' }] } } }],
    ['a draft nobody knows', { $schema: 'https://example.org/mine', properties: { a: { items: { type: 'string' } } } }],
    ['a pattern that Unicode forbids', { properties: { a: { items: { pattern: '^[a\\-z]+$', type: 'string' } } } }],
    ['a mark for async', { $async: true, properties: { a: { items: { type: 'string' } } } }],
  ])('are checked with %s', (_, schema) => {
    expect(linesOf(validate(schema, { a: [1] }))).toEqual(['false', 'a.0: must be string']);
    expect(validate(schema, { a: ['a-z'] })).toEqual({ valid: true, problems: [] });
  });

  it('pass by formats and keywords that nobody knows', () => {
    const schema = {
      properties: { a: { format: 'postcode', type: 'string', 'x-widget': 'area' }, b: { format: 'date' } },
    };
    expect(validate(schema, { a: 'anything', b: '2026-01-02' })).toEqual({ valid: true, problems: [] });
    expect(linesOf(validate(schema, { b: 'soon' }))).toEqual(['false', 'b: must match format "date"']);
  });

  it.each([
    ['a reference that leads nowhere', { properties: { a: { $ref: '#/$defs/none' } } }],
    ['a remote reference', { $ref: 'https://example.org/schema.json' }],
    ['a type that is none', { properties: { a: { type: 'text' } } }],
    ['keywords of the wrong kind', { required: 'a' }],
    ['itself, for its depth', JSON.parse(`${'{"not":'.repeat(50_000)}{}${'}'.repeat(50_000)}`) as object],
  ])('cannot be checked against %s: a warning says so', (_, schema) => {
    expect(validate(schema, { a: 1 })).toMatchObject({
      valid: true,
      problems: [{ path: '', severity: 'warning', message: expect.stringContaining('inputSchema') }],
    });
  });

  it('of one tool do not see the names within another’s schema', () => {
    const one = {
      $id: 'https://example.org/s',
      $defs: { x: { $id: 'https://example.org/x', type: 'string' } },
      properties: { a: { $ref: 'x' } },
    };
    const other = {
      $id: 'https://example.org/s',
      $defs: { x: { $id: 'https://example.org/x', type: 'number' } },
      properties: { a: { $ref: 'x' } },
    };
    expect(validate(one, { a: 'text' }).valid).toBe(true);
    expect(validate(other, { a: 1 }).valid).toBe(true);
    expect(validate(other, { a: 'text' }).valid).toBe(false);
  });

  it('are checked as well after more schemas than are kept', () => {
    const schemas = Array.from({ length: 300 }, (_, index) => ({ properties: { a: { const: index } } }));
    for (const round of [1, 2])
      for (const [index, schema] of schemas.entries())
        expect([round, validate(schema, { a: index }).valid]).toEqual([round, true]);
  });

  it('leave the caller’s object as it was', () => {
    const args = { a: '1' };
    expect(validate({ properties: { a: { type: 'number' }, b: { default: 2 } } }, args).valid).toBe(false);
    expect(args).toEqual({ a: '1' });
  });
});
