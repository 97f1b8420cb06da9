import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { toActorTree } from '../../../src/cli/screen/actor-tree.ts';
import { painted } from '../../../src/cli/screen/drawn.ts';
import { durationOf, type ShownServer, toServerTable } from '../../../src/cli/screen/server-table.ts';
import { type Column, cut, toTable } from '../../../src/cli/screen/table.ts';
import { type Paint, plain, terminalOf } from '../../../src/cli/screen/terminal.ts';

const at = '2026-01-02T03:04:05.000Z';
const nowMs = Date.parse(at) + 65_000;

const server = (extra: Partial<ShownServer> = {}): ShownServer => ({
  name: 'files',
  state: 'connected',
  substate: 'quiet',
  since: at,
  attempt: 0,
  nextRetryAt: null,
  lastFailure: null,
  counts: { tools: 14, resources: 0, prompts: 0, restarts: 0, calls: 0, callErrors: 0, inFlight: 0, queued: 0 },
  alarms: [],
  ...extra,
});

describe('a table of servers', () => {
  it('is aligned, and tells times as they are where nobody looks', () => {
    const servers = [
      server(),
      server({
        name: 'everything',
        state: 'backoff',
        substate: null,
        attempt: 3,
        nextRetryAt: '2026-01-02T03:05:14.000Z',
      }),
    ];
    expect(toServerTable(servers, { width: null, paint: plain }, nowMs)).toEqual([
      'NAME        STATE            SINCE                     ATTEMPT  RETRY                     TOOLS  ALARMS',
      'files       connected.quiet  2026-01-02T03:04:05.000Z        0  -                            14  -',
      'everything  backoff          2026-01-02T03:04:05.000Z        3  2026-01-02T03:05:14.000Z     14  -',
    ]);
  });

  it('tells people how long ago and how soon', () => {
    const [, line] = toServerTable(
      [server({ nextRetryAt: '2026-01-02T03:05:14.000Z' })],
      { width: 120, paint: plain },
      nowMs,
    );
    expect(line).toMatch(/1 min 5 s ago .* in 4 s /);
  });

  it('names alarms', () => {
    const alarms = [{ alarm: 'flapping', since: at, reason: 'why', clearedBy: 'what' }];
    expect(toServerTable([server({ alarms })], { width: null, paint: plain }, nowMs)[1]).toMatch(/flapping$/);
  });

  it('is aligned as a terminal shows it, with names of wide, joined and combining characters', () => {
    const columns: readonly Column<string>[] = [
      { title: 'NAME', of: (name) => name },
      { title: 'STATE', of: () => 'idle' },
    ];
    expect(toTable(columns, ['数据库', '👩‍👩‍👧 home', 'cafe\u0301', 'plain'])).toEqual([
      'NAME     STATE',
      '数据库   idle',
      '👩‍👩‍👧 home  idle',
      'cafe\u0301     idle',
      'plain    idle',
    ]);
    expect(cut('数据库的名字', 6)).toBe('数据…');
    expect(cut('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…');
    expect(cut('数据库', 6)).toBe('数据库');
  });

  it('never is wider than a terminal that is wide enough for anything, whatever the names', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 80 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 60, max: 200 }),
        (names, width) => {
          const lines = toServerTable(
            names.map((name) => server({ name })),
            { width, paint: plain },
            nowMs,
          );
          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('is the same with colours and without', () => {
    const paint: Paint = (_, text) => painted('red', text);
    const bare = toServerTable([server()], { width: 100, paint: plain }, nowMs);
    expect(
      toServerTable([server()], { width: 100, paint }, nowMs).map((line) => stripVTControlCharacters(line)),
    ).toEqual(bare);
  });
});

describe('a cell', () => {
  const columns: readonly Column<string>[] = [
    { title: 'A', of: (text) => text },
    { title: 'B', of: () => 'b' },
  ];

  it('holds nothing that a terminal would obey, and stays on its line', () => {
    expect(toTable(columns, ['one\u001b[2J\ntwo'])[1]).toBe('one\\u001b[2J two  b');
  });

  it('is cut where there is no room', () => {
    expect(toTable(columns, ['a very long text'], { width: 13, paint: plain })[1]).toBe('a very lo…  b');
  });
});

describe('a tree of actors', () => {
  it('hangs children below their parents', () => {
    const actor = (id: string, parent: string | null, children: string[] = []) => ({
      id,
      parent,
      state: 'running',
      substate: null,
      value: 'running',
      since: at,
      children,
    });
    const actors = [
      actor('supervisor', null, ['group:a', 'group:b']),
      actor('group:a', 'supervisor', ['server:one', 'server:two']),
      actor('server:one', 'group:a'),
      actor('server:two', 'group:a'),
      actor('group:b', 'supervisor', ['server:three']),
      actor('server:three', 'group:b'),
    ];
    expect(
      toActorTree(actors, { width: null, paint: plain }, nowMs).map((line) => line.split('  running')[0]?.trimEnd()),
    ).toEqual([
      expect.stringMatching(/^ACTOR/),
      'supervisor',
      '├─ group:a',
      '│  ├─ server:one',
      '│  └─ server:two',
      '└─ group:b',
      '   └─ server:three',
    ]);
  });
});

describe('a length of time', () => {
  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min 0 s'],
    [3_599_000, '59 min 59 s'],
    [7_260_000, '2 h 1 min'],
    [90_000_000, '1 d 1 h'],
    [-5, '0 s'],
  ])('of %d ms is %s', (ms, words) => {
    expect(durationOf(ms)).toBe(words);
  });
});

describe('colours', () => {
  const output = (isTTY: boolean) => Object.assign(Object.create(process.stdout), { isTTY });

  it('are for terminals only, and for those who want them', () => {
    const red = (isTTY: boolean, env: Readonly<Record<string, string>>) =>
      terminalOf(output(isTTY), env).paint('red', 'x');
    expect(red(true, {})).toBe('\u001b[31mx\u001b[39m');
    expect(red(true, { NO_COLOR: '1' })).toBe('x');
    expect(red(true, { TERM: 'dumb' })).toBe('x');
    expect(red(false, {})).toBe('x');
  });
});
