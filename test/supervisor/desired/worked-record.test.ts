import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEntries } from '../../../src/config/parse.ts';
import { toLine } from '../../../src/errors.ts';
import type { ServerSpecification } from '../../../src/specification.ts';
import { createWorked } from '../../../src/supervisor/desired/worked.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

/** A server with this name. */
function named(name: string, entry: object = { command: 'x' }): ServerSpecification {
  const { config, problems } = parseEntries(
    { mcpServers: Object.fromEntries([[name, entry]]) },
    { folder: '/etc/mcp' },
  );
  const specification = config?.servers.get(name);
  if (specification === undefined) throw new Error(problems.map(toLine).join('\n'));
  return specification;
}

interface Opening {
  readonly path: string | null;
  readonly secrets?: Readonly<Record<string, string>>;
}

function open({ path, secrets = {} }: Opening) {
  const troubles: unknown[] = [];
  const errors: string[] = [];
  const worked = createWorked({
    path,
    secrets: () => new Map(Object.entries(secrets)),
    onError: (message) => errors.push(message),
    onTrouble: (error) => troubles.push(error),
  });
  onTestFinished(() => worked.close());
  return { worked, troubles, errors };
}

const secretNamed = (name: string) => `\${secret:${name}}`;

const recordIn = (folder: string) => join(folder, 'worked.json');

describe('the record of what has worked', () => {
  it('has the specification that the session was opened with, of servers of any name', async () => {
    const path = recordIn(createScratchFolder());
    const names = ['plain', '__proto__', 'constructor', '1', 'ÄÖ 漢'];
    const first = open({ path }).worked;
    const ready = names.map((name) => first.opened(named(name)));
    expect(names.some((name) => first.has(named(name)))).toBe(false);
    for (const tell of ready) tell();
    await first.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { worked, errors } = open({ path });
    expect(errors).toEqual([]);
    for (const name of names) {
      expect(worked.has(named(name)), name).toBe(true);
      expect(worked.has(named(name, { command: 'x', callTimeoutMs: 7 })), name).toBe(true);
      expect(worked.has(named(name, { command: 'y' })), name).toBe(false);
    }
    expect(worked.has(named('toString'))).toBe(false);
  });

  it('holds no value of an entry, and no hash that is known elsewhere', async () => {
    const entry = { url: 'https://far/mcp?key=sesame', headers: { authorization: 'Bearer open-sesame' } };
    const written = async () => {
      const path = recordIn(createScratchFolder());
      const { worked } = open({ path });
      worked.opened(named('far', entry))();
      await worked.close();
      return readFileSync(path, 'utf8');
    };
    const [one, other] = [await written(), await written()];
    expect(one).toMatch(/^\{"key":"[0-9a-f]{64}","servers":\[\["far","hmac-sha256:[0-9a-f]{64}"\]\]\}\n$/);
    expect(JSON.parse(one).servers).not.toEqual(JSON.parse(other).servers);
  });

  it('forgets when a secret that is used is said to be something else', () => {
    const specification = named('far', { url: 'https://far/mcp', headers: { key: secretNamed('KEY') } });
    const secrets = { KEY: '/one' };
    const { worked } = open({ path: null, secrets });
    worked.opened(specification)();
    expect(worked.has(specification)).toBe(true);
    secrets.KEY = '/other';
    expect(worked.has(specification)).toBe(false);
  });

  it('takes the first one back until the second has worked', () => {
    const [one, other] = [named('far'), named('far', { command: 'y' })];
    const { worked } = open({ path: null });
    worked.opened(one)();
    const ready = worked.opened(other);
    expect([worked.has(one), worked.has(other)]).toEqual([true, false]);
    ready();
    expect([worked.has(one), worked.has(other)]).toEqual([false, true]);
  });

  it('keeps the ten thousand servers that were connected last', async () => {
    const path = recordIn(createScratchFolder());
    const { worked } = open({ path });
    const one = named('server');
    const numbered = (number: number): ServerSpecification => ({ ...one, name: `server ${number}` });
    for (let number = 0; number < 10_000; number += 1) worked.opened(numbered(number))();
    worked.opened(numbered(0))();
    worked.opened(numbered(10_000))();
    await worked.close();
    const again = open({ path }).worked;
    for (const which of [worked, again])
      expect([0, 1, 2, 9_999, 10_000].map((number) => which.has(numbered(number)))).toEqual([
        true,
        false,
        true,
        true,
        true,
      ]);
  });

  it('is written once for all that are ready at about the same time', async () => {
    const path = recordIn(createScratchFolder());
    const { worked } = open({ path });
    worked.opened(named('a'))();
    worked.opened(named('b'))();
    expect(existsSync(path)).toBe(false);
    await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8')).servers.map(([name]: [string]) => name)).toEqual(['a', 'b']);
    const { ino } = statSync(path);
    worked.opened(named('a'))();
    await worked.close();
    expect(statSync(path).ino).toBe(ino);
  });

  it('that cannot be written is told, and is written when it can be', async () => {
    const path = recordIn(createScratchFolder());
    const { worked, troubles, errors } = open({ path });
    mkdirSync(path);
    worked.opened(named('a'))();
    await expect.poll(() => troubles.length, { timeout: 10_000 }).toBeGreaterThan(0);
    rmSync(path, { recursive: true });
    await expect.poll(() => troubles.at(-1), { timeout: 20_000 }).toBeNull();
    expect(readFileSync(path, 'utf8')).toContain('"a"');
    expect(errors).toEqual([]);
  });

  it('that was cleaned away with its folder is made again when a server that is on it is ready', async () => {
    const folder = join(createScratchFolder(), 'state');
    mkdirSync(folder);
    const { worked } = open({ path: recordIn(folder) });
    worked.opened(named('a'))();
    await expect.poll(() => existsSync(recordIn(folder)), { timeout: 10_000 }).toBe(true);
    rmSync(folder, { recursive: true });
    worked.opened(named('a'))();
    await worked.close();
    expect(readFileSync(recordIn(folder), 'utf8')).toContain('"a"');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});
