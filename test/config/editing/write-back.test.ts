import fc from 'fast-check';
import { type Node, parseTree } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { type FileEdit, writeBack } from '../../../src/config/editing/write-back.ts';
import { readJsonc } from '../../../src/config/file/jsonc.ts';

type Entry = Readonly<Record<string, unknown>>;

function edited(text: string, edits: readonly FileEdit[]): string {
  const { text: result, problems } = writeBack(text, edits);
  expect(problems).toEqual([]);
  return result ?? '';
}

const notes: Entry = { command: 'npx', args: ['-y', 'notes'], env: { TOKEN: 'x' } };

const commented = `// Ours.
{
  // Servers of the team.
  "mcpServers": {
    // files first
    "files": { "command": "files" }, // about files
    /* memory: */ "memory": {
      "command": "memory", // why
      "args": ["-y", // yes
        "all"]
    }, // about memory
    // "off": {"command": "off"}
  },
  "other": 1
}
`;

describe('a file with comments', () => {
  it('gets another server behind its last comment, in its own style', () => {
    expect(edited(commented, [{ server: 'notes', after: notes }])).toBe(
      commented.replace(
        '"off"}\n',
        `"off"}
    "notes": {
      "command": "npx",
      "args": ["-y", "notes"],
      "env": {
        "TOKEN": "x"
      }
    },
`,
      ),
    );
  });

  it('keeps the comments around a server that is removed', () => {
    expect(edited(commented, [{ server: 'files', after: null }])).toBe(
      commented.replace('"files": { "command": "files" }, ', ''),
    );
    expect(edited(commented, [{ server: 'memory', after: null }])).toMatch(/\/\* memory: \*\/ \/\/ about memory\n/);
  });

  it('is changed where the entry says something else, and nowhere else in it', () => {
    const after = { command: 'other', args: ['-y', 'all', 'more'], lazy: true };
    expect(edited(commented, [{ server: 'memory', after }])).toBe(
      commented
        .replace('"memory", // why', '"other", // why')
        .replace('"all"]', '"all",\n        "more"],\n      "lazy": true'),
    );
  });
});

describe('a file', () => {
  const files: Entry = { command: 'files' };

  it.each([
    ['is empty', '', '{\n  "mcpServers": {\n    "files": {\n      "command": "files"\n    }\n  }\n}\n'],
    ['has nothing in it', '{}', '{\n  "mcpServers": {\n    "files": {\n      "command": "files"\n    }\n  }\n}'],
    ['is one line', '{"mcpServers":{}}', '{"mcpServers":{"files": {"command": "files"}}}'],
    [
      'has a server on its one line',
      '{ "mcpServers": { "a": { "command": "a" } } }',
      '{ "mcpServers": { "a": { "command": "a" }, "files": { "command": "files" } } }',
    ],
    [
      'has a line for each server',
      '{\n  "mcpServers": {\n    "a": {"command": "a"}\n  }\n}\n',
      '{\n  "mcpServers": {\n    "a": {"command": "a"},\n    "files": {"command": "files"}\n  }\n}\n',
    ],
    [
      'has tabs, line ends of Windows and a byte order mark',
      '\uFEFF{\r\n\t"mcpServers": {\r\n\t}\r\n}\r\n',
      '\uFEFF{\r\n\t"mcpServers": {\r\n\t\t"files": {\r\n\t\t\t"command": "files"\r\n\t\t}\r\n\t}\r\n}\r\n',
    ],
    [
      'has trailing commas',
      '{\n    "mcpServers": {\n        "a": {"command": "a"},\n    },\n}\n',
      '{\n    "mcpServers": {\n        "a": {"command": "a"},\n        "files": {"command": "files"},\n    },\n}\n',
    ],
    [
      'has its last brace behind the last server',
      '{"mcpServers": {\n  "a": {"command": "a"}}}\n',
      '{"mcpServers": {\n  "a": {"command": "a"},\n  "files": {"command": "files"}}}\n',
    ],
    [
      'calls them servers',
      '{\n  "inputs": [],\n  "servers": {}\n}\n',
      '{\n  "inputs": [],\n  "servers": {\n    "files": {\n      "command": "files"\n    }\n  }\n}\n',
    ],
    [
      'has them two levels deep',
      '{"mcp": {"servers": {}}, "editor.tabSize": 2}',
      '{"mcp": {"servers": {"files": {"command": "files"}}}, "editor.tabSize": 2}',
    ],
  ])('that %s gets a server', (_, text, expected) => {
    const result = edited(text, [{ server: 'files', after: files }]);
    expect(result).toBe(expected);
    const back = edited(result, [{ server: 'files', after: null }]);
    expect(readJsonc(back).problems).toEqual([]);
    expect(back).not.toContain('files');
  });

  it('is as it was after a server was added and removed', () => {
    for (const text of [commented, '{\n  "mcpServers": {\n    "a": {\n      "command": "a"\n    }\n  }\n}\n']) {
      const more = edited(text, [{ server: 'notes', after: notes }]);
      expect(edited(more, [{ server: 'notes', after: null }])).toBe(text);
    }
  });

  it('loses all of a name that stands twice, or has it once when it is edited', () => {
    const text = '{"mcpServers": {"a": {"command": "1"}, "b": {"command": "b"}, "a": {"command": "2"}}}';
    expect(edited(text, [{ server: 'a', after: null }])).toBe('{"mcpServers": {"b": {"command": "b"}}}');
    const once = '{"mcpServers": {"b": {"command": "b"}, "a": {"command": "2"}}}';
    expect(edited(text, [{ server: 'a', after: { command: '2' } }])).toBe(once);
    expect(edited(text, [{ server: 'b', after: { command: '3' } }])).toBe(text.replace('"b"}', '"3"}'));
  });

  it('gets settings of mcpvisor, and names that are names of every object', () => {
    const text = '{\n  "mcpServers": {}\n}\n';
    const result = edited(text, [
      { server: null, after: { strict: true } },
      { server: '__proto__', after: { command: 'p', env: Object.fromEntries([['__proto__', 'x']]) } },
      { server: 'constructor', after: { command: 'c' } },
    ]);
    const parsed = JSON.parse(result) as { readonly mcpServers: object };
    expect(Object.keys(parsed)).toEqual(['mcpServers', 'mcpvisor']);
    expect(Object.keys(parsed.mcpServers)).toEqual(['__proto__', 'constructor']);
    expect(result).toContain('"__proto__": "x"');
  });

  it.each([
    ['a text that is no JSON', '{"mcpServers": {"a": }}', files, 'mcpServers', 'a value is expected'],
    ['TOML', '[mcp_servers.a]\ncommand = "a"\n', files, '', 'this is TOML, not JSON'],
    ['YAML', 'mcpServers:\n  a:\n    command: a\n', files, '', 'this is YAML, not JSON'],
    ['a list of servers', '{"mcpServers": []}', files, 'mcpServers', 'must be an object: {"name": {…}}'],
    ['a list', '[]', files, '', 'must be an object: {"name": {…}}'],
    ['an entry with a function', '{}', { answer: () => 1 }, 'mcpServers.a.answer', 'cannot be written into a file'],
    ['an entry with no number', '{}', { a: [Number.NaN] }, 'mcpServers.a.a[0]', 'cannot be written into a file'],
    ['an entry with a date', '{}', { at: new Date(0) }, 'mcpServers.a.at', 'cannot be written into a file'],
    ['an endless entry', '{}', endless(), 'mcpServers.a', 'is nested too deeply'],
  ])('is not written with %s', (_, text, after, path, message) => {
    const result = writeBack(text, [{ server: 'a', after }]);
    expect(result.text).toBeNull();
    expect(result.problems[0]).toMatchObject({
      path: path === 'mcpServers' && text.includes('}}') ? '' : path,
      message,
    });
  });

  it('with a thousand servers loses all of them in one step, without being read again for each', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `server-${index}`);
    const text = edited(
      '',
      names.map((server) => ({ server, after: notes })),
    );
    const before = process.cpuUsage();
    expect(
      edited(
        text,
        names.map((server) => ({ server, after: null })),
      ),
    ).toBe('{\n  "mcpServers": {\n  }\n}\n');
    // Reading it a thousand times takes some 10 s.
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  });
});

function endless(): Entry {
  const entry: Record<string, unknown> = { command: 'a' };
  entry.self = entry;
  return entry;
}

/** Values as they stand in entries. */
const leaf = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
);
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', 'constructor', '__proto__', 'größe', 'x"y'),
  fc.string({ maxLength: 4 }),
);
const field = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.dictionary(name, leaf, { maxKeys: 3 }),
  fc.array(fc.dictionary(name, leaf, { maxKeys: 2 }), { maxLength: 2 }),
);
const entry = fc.dictionary(fc.oneof(fc.constantFrom('command', 'args', 'env', 'url'), name), field, { maxKeys: 4 });

/** What may stand between two parts of a text, with a number in each comment. */
const gap = fc.array(fc.constantFrom(' ', '  ', '\t', '', '\n', '\n  ', '\n    ', '\r\n', '//', '/**/', '/*\n*/'), {
  maxLength: 3,
});

interface Written {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A document written in a style that nobody has: every gap is another one. */
const document: fc.Arbitrary<Written> = fc
  .record({
    servers: fc.dictionary(name, entry, { maxKeys: 5 }),
    place: fc.constantFrom<readonly string[]>(['mcpServers'], ['servers'], ['mcp', 'servers'], ['mcp.servers']),
    before: fc.dictionary(fc.constantFrom('_comment', 'inputs', 'other'), leaf, { maxKeys: 2 }),
    after: fc.dictionary(fc.constantFrom('mcpvisor', 'last'), fc.dictionary(name, leaf, { maxKeys: 2 }), {
      maxKeys: 2,
    }),
    gaps: fc.array(gap, { minLength: 1, maxLength: 60 }),
    isNeat: fc.boolean(),
    unit: fc.constantFrom('\t', '  ', '    '),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    trailing: fc.boolean(),
    mark: fc.constantFrom('', '\uFEFF'),
  })
  .map(({ servers, place, before, after, ...style }) => {
    const inner = place.reduceRight<Record<string, unknown>>((value, key) => own(key, value), servers);
    const value = { ...before, ...inner, ...after };
    return { value, text: style.mark + (style.isNeat ? neat(value, style) : wild(value, style)) };
  });

function own(key: string, value: unknown): Record<string, unknown> {
  return Object.fromEntries([[key, value]]);
}

function neat(value: unknown, { unit, lineEnd }: { readonly unit: string; readonly lineEnd: string }): string {
  return `${JSON.stringify(value, null, unit)}\n`.replaceAll('\n', lineEnd);
}

function wild(
  whole: unknown,
  { gaps, trailing }: { readonly gaps: readonly (readonly string[])[]; readonly trailing: boolean },
): string {
  let count = 0;
  const next = (): string => {
    const pieces = gaps[count % gaps.length] ?? [];
    count += 1;
    return pieces
      .map((piece, index) => {
        const words = `#${count}.${index}# "a": {}, ]`;
        if (piece === '//') return `// ${words}\n`;
        return piece.startsWith('/*') ? piece.replace('/*', `/* ${words}`) : piece;
      })
      .join('');
  };
  const write = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const parts = Array.isArray(value)
      ? value.map((item) => write(item))
      : Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}${next()}:${next()}${write(inner)}`);
    const [open, close] = Array.isArray(value) ? '[]' : '{}';
    const body = parts.map((part) => `${next()}${part}${next()}`).join(',');
    return `${open}${body}${trailing && parts.length > 0 ? `,${next()}` : next()}${close}`;
  };
  return `${next()}${write(whole)}${next()}`;
}

const edits = fc.array(
  fc.record({
    server: fc.oneof(name, fc.nat({ max: 5 })),
    after: fc.oneof(fc.constant(null), entry, fc.record({ change: entry })),
  }),
  { minLength: 1, maxLength: 4 },
);

/** The map of servers in a text, and the fields in it. */
function mapIn(text: string): {
  readonly node: Node;
  readonly fields: readonly { readonly name: string; readonly start: number; readonly end: number }[];
} | null {
  let node = parseTree(text, [], { allowTrailingComma: true });
  for (const place of [['mcpServers'], ['servers'], ['mcp', 'servers'], ['mcp.servers']]) {
    let found = node;
    for (const key of place)
      found = found?.children?.find(({ children: [at] = [] }) => at?.value === key)?.children?.[1];
    if (found?.type !== 'object') continue;
    node = found;
    const fields = (node.children ?? []).map(({ offset, length, children: [key] = [] }) => ({
      name: String(key?.value),
      start: offset,
      end: offset + length,
    }));
    return { node, fields };
  }
  return null;
}

/** All that stands outside of these fields but blanks and commas. */
function rest(text: string, without: ReadonlySet<string>): string {
  let at = 0;
  const parts: string[] = [];
  for (const { name: key, start, end } of mapIn(text)?.fields ?? []) {
    if (!without.has(key)) continue;
    parts.push(text.slice(at, start));
    at = end;
  }
  return [...parts, text.slice(at)].join('').replaceAll(/[\s,]/g, '');
}

describe('any text with any edits', () => {
  it('says exactly what was meant, and keeps all that was not edited', () => {
    fc.assert(
      fc.property(document, edits, ({ text: marked, value }, wanted) => {
        const text = marked.replace('\uFEFF', '');
        expect(readJsonc(text).value).toEqual(value);
        const place = mapIn(text);
        const servers = new Map(
          (place?.fields ?? []).map(({ name: key, start, end }) => [
            key,
            readJsonc(`{${text.slice(start, end)}}`).value,
          ]),
        );
        const known = new Map([...servers].map(([key, whole]) => [key, (whole as Entry)[key] as Entry]));
        const names = [...known.keys()];
        const all: readonly FileEdit[] = wanted.map(({ server, after }) => {
          const target = typeof server === 'number' ? (names[server % Math.max(1, names.length)] ?? 'new') : server;
          const change = after !== null && 'change' in after ? (after.change as Entry) : null;
          return { server: target, after: change === null ? after : { ...known.get(target), ...change } };
        });
        const changes = [...new Map(all.map((change) => [change.server, change])).values()];
        const result = edited(marked, changes);
        expect(result.startsWith('\uFEFF')).toBe(marked.startsWith('\uFEFF'));
        const expected = new Map(known);
        for (const { server, after } of changes) {
          if (after === null) expected.delete(String(server));
          else expected.set(String(server), after);
        }
        const after = mapIn(result.replace('\uFEFF', ''));
        const touched = new Set(changes.map(({ server }) => String(server)));
        // What every other part says, and the order of all of them.
        const order = [
          ...names.filter((key) => expected.has(key)),
          ...[...expected.keys()].filter((key) => !known.has(key)),
        ];
        expect((after?.fields ?? []).map(({ name: key }) => key)).toEqual(order);
        const bare = result.replace('\uFEFF', '');
        for (const { name: key, start, end } of after?.fields ?? []) {
          const one = readJsonc(`{${bare.slice(start, end)}}`).value as Entry;
          expect(one).toEqual(own(key, normal(expected.get(key))));
          if (touched.has(key)) continue;
          const former = place?.fields.find((other) => other.name === key);
          expect(bare.slice(start, end)).toBe(text.slice(former?.start, former?.end));
        }
        if (place !== null) expect(rest(bare, touched)).toBe(rest(text, touched));
        // Once more changes nothing, and back is where it was.
        expect(edited(result, changes)).toBe(result);
        const undo = [...touched].map((server) => ({ server, after: known.get(server) ?? null }));
        const undone = readJsonc(edited(result, undo)).value;
        if (place !== null) expect(undone).toEqual(value);
      }),
      { numRuns: Number(process.env.MCPVISOR_RUNS ?? 150) },
    );
  });
});

function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
