import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { globalSettingsOf } from '../../src/config/settings/global.ts';
import { jsonSchemaText } from '../../src/config/settings/json-schema.ts';
import { defaultsTable } from '../../src/config/settings/settings.ts';

const file = resolve(dirname(fileURLToPath(import.meta.url)), '../../src/config/mcp.schema.json');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly description?: string;
}

/** Dotted paths of everything that can be written. */
function leavesOf(schema: Schema, path: string): readonly string[] {
  const inner = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (schema.anyOf !== undefined && schema.description === undefined)
    return schema.anyOf.flatMap((one) => (one.properties === undefined ? [] : leavesOf(one, path)));
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, one]) => leavesOf(one, inner(name)));
  if (schema.description !== undefined) return [path];
  if (schema.items !== undefined) return leavesOf(schema.items, `${path}[]`);
  return typeof schema.additionalProperties === 'object'
    ? leavesOf(schema.additionalProperties, inner('NAME'))
    : [path];
}

describe('the JSON Schema of mcp.json', () => {
  it('is fresh (BLESS=1 writes it again)', () => {
    if (process.env.BLESS === '1') writeFileSync(file, jsonSchemaText());
    expect(readFileSync(file, 'utf8')).toBe(jsonSchemaText());
  });
});

describe('the table of settings', () => {
  const { properties = {} } = JSON.parse(jsonSchemaText()) as Schema;
  const entry = properties.mcpServers?.additionalProperties;
  const entryPaths = typeof entry === 'object' ? leavesOf(entry, '') : [];
  const globalPaths = leavesOf(
    properties.mcpvisor?.properties === undefined ? {} : { properties: properties.mcpvisor.properties },
    '',
  );
  const tablePaths = (scopes: readonly string[]) =>
    defaultsTable.filter(({ scope }) => scopes.includes(scope)).map(({ path }) => path);

  it('has what an entry may hold, and nothing else', () => {
    expect([...entryPaths].sort()).toEqual([...tablePaths(['server', 'both'])].sort());
  });

  it('has what may stand under mcpvisor, and nothing else', () => {
    expect([...globalPaths].sort()).toEqual([...tablePaths(['global', 'both'])].sort());
  });

  it('says a unit wherever a name ends in one', () => {
    for (const { path, unit } of defaultsTable) {
      expect([path, unit === 'milliseconds', unit === 'bytes']).toEqual([
        path,
        path.endsWith('Ms'),
        path.endsWith('Bytes'),
      ]);
    }
  });

  it('holds the defaults of the global settings', () => {
    const { shutdownMs, clientProcess, http } = globalSettingsOf({}, new Map());
    const flat = Object.entries({ clientProcess, http }).flatMap(([name, values]) =>
      Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]),
    );
    for (const [path, value] of [['shutdownMs', shutdownMs], ...flat]) {
      const setting = defaultsTable.find((one) => one.path === path);
      // What has settings below it has no default of its own: there is none of it.
      expect([path, setting === undefined ? [null, []] : [setting.default]]).toEqual([
        path,
        expect.arrayContaining([value]),
      ]);
    }
  });
});
