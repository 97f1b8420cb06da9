/** The servers of a run, most of which misbehave in a way of their own, and what is edited in their configuration. */

export type Entry = Readonly<Record<string, unknown>>;

/** A tool call after which the server is not what it was. */
export interface Harm {
  readonly kind: string;
  readonly tool: string;
  readonly arguments: Entry;
}

export interface Member {
  readonly name: string;
  /** Of `test/servers`. */
  readonly program: string;
  readonly args: readonly string[];
  /** What its entry has beside the command. */
  readonly extra: Entry;
  /** It neither ends nor fails by itself, whatever it is asked. */
  readonly isSteady: boolean;
  readonly harms: readonly Harm[];
}

const exit: Harm = { kind: 'exit in a call', tool: 'exit', arguments: { code: 3 } };

function member(name: string, program: string, more: Partial<Omit<Member, 'name' | 'program'>> = {}): Member {
  return { name, program, args: [], extra: {}, isSteady: true, harms: [exit], ...more };
}

/** In every run: others depend on the first, and the second is what tends to be left behind. */
const always: readonly Member[] = [member('plain', 'speak'), member('wrapped', 'ignores-eof-behind-a-wrapper')];

const sometimes: readonly Member[] = [
  member('dependent', 'speak', { extra: { dependsOn: ['plain'] } }),
  member('first of two', 'speak', { extra: { group: 'pair' } }),
  member('second of two', 'ignores-eof', { extra: { group: 'pair' } }),
  member('slow', 'slow-start', { args: ['400'] }),
  member('deaf', 'ignores-eof'),
  member('stubborn', 'ignores-sigterm'),
  member('parent', 'forks-a-grandchild'),
  member('parent of an escaped child', 'forks-a-grandchild', { args: ['escapes'] }),
  member('leaves a daemon', 'leaves-a-daemon', { args: ['escapes'] }),
  member('leaves a stubborn daemon', 'leaves-a-daemon', { args: ['ignores-sigterm', 'escapes'] }),
  member('noisy', 'floods-stderr', {
    args: ['200000'],
    harms: [exit, { kind: 'stderr flood', tool: 'flood', arguments: { bytes: 2_000_000 } }],
  }),
  member('babbling', 'sends-malformed-json', { args: ['20'] }),
  member('greeting', 'prints-a-banner'),
  member('ravings', 'writes-without-end', {
    harms: [{ kind: 'garbage on stdout', tool: 'begin', arguments: { line: 'no JSON at all' } }],
  }),
  member('busy', 'blocks-its-loop', {
    harms: [
      { kind: 'hang while it computes', tool: 'block', arguments: { seconds: 2 } },
      { kind: 'hang while it waits', tool: 'block', arguments: { seconds: 2, idle: true } },
    ],
  }),
  member('tired', 'exits-after-n-calls', { args: ['4', '1'], isSteady: false }),
  member('lingering', 'outlives-its-death'),
  member('closing', 'closes-stdout', {
    harms: [{ kind: 'closed stdout', tool: 'close_stdout', arguments: {} }],
  }),
  member('lazy', 'speak', { extra: { lazy: true, idleStopMs: 1_000 }, isSteady: false }),
  member('doomed', 'exits-at-once', {
    args: ['1'],
    extra: { restart: { maxConsecutive: 3 } },
    isSteady: false,
    harms: [],
  }),
  member('mute', 'never-answers-initialize', {
    extra: { startTimeoutMs: 400, restart: { maxConsecutive: 2 } },
    isSteady: false,
    harms: [],
  }),
];

const size = 12;

/** A dozen of them. `some` chooses. */
export function fleetOf(some: (members: readonly Member[], count: number) => readonly Member[]): readonly Member[] {
  return [...always, ...some(sometimes, size - always.length)];
}

/** `hard` restarts the server, `soft` does not; the others are about whether it is there, and may run. */
export interface Edit {
  readonly change: 'remove' | 'restore' | 'disable' | 'enable' | 'hard' | 'soft' | 'break';
  readonly server: string;
}

/** What has been edited of each server. */
export type Edits = ReadonlyMap<string, Edited>;

interface Edited {
  readonly isRemoved: boolean;
  readonly isDisabled: boolean;
  readonly revision: number;
  readonly maxQueuedCalls: number;
}

const unedited: Edited = { isRemoved: false, isDisabled: false, revision: 0, maxQueuedCalls: 100 };

export function withEdit(edits: Edits, { change, server }: Edit): Edits {
  const before = edits.get(server) ?? unedited;
  const after = {
    remove: { ...before, isRemoved: true },
    restore: { ...before, isRemoved: false },
    disable: { ...before, isDisabled: true },
    enable: { ...before, isDisabled: false },
    hard: { ...before, revision: before.revision + 1 },
    soft: { ...before, maxQueuedCalls: before.maxQueuedCalls + 1 },
    break: before,
  }[change];
  return new Map([...edits, [server, after]]);
}

export const stop = { closeMs: 200, terminateMs: 200, killMs: 2_000 };
export const clientProcess = { watchdogMs: 1_500, orphanGraceMs: 4_000, baseMs: 100, capMs: 500, maxConsecutive: 0 };
export const shutdownMs = 8_000;

const settings = {
  stop,
  shutdownMs,
  clientProcess,
  // How often a server may fail is no question here.
  restart: { baseMs: 50, capMs: 300, intensity: 0, maxConsecutive: 0 },
  heartbeat: { intervalMs: 500, timeoutMs: 300, misses: 1 },
  startTimeoutMs: 2_500,
  installTimeoutMs: 10_000,
  callTimeoutMs: 1_500,
  callMaxMs: 3_000,
  groups: { pair: { strategy: 'one-for-all', intensity: 0 } },
};

/** The servers that are in the configuration after these edits. */
export function namesIn(fleet: readonly Member[], edits: Edits): readonly string[] {
  return fleet.filter(({ name }) => edits.get(name)?.isRemoved !== true).map(({ name }) => name);
}

/** The text of `mcp.json`. `commandOf` has what an entry says of the program itself. */
export function configurationOf(fleet: readonly Member[], edits: Edits, commandOf: (member: Member) => Entry): string {
  const there = new Set(namesIn(fleet, edits));
  const entries = fleet
    .filter(({ name }) => there.has(name))
    .map((one) => {
      const { isDisabled, revision, maxQueuedCalls } = edits.get(one.name) ?? unedited;
      return [
        one.name,
        {
          ...commandOf(one),
          inheritEnv: [`REVISION_${revision}`],
          maxQueuedCalls,
          ...(isDisabled && { disabled: true }),
          ...one.extra,
        },
      ];
    });
  return JSON.stringify({ mcpServers: Object.fromEntries(entries), mcpvisor: settings }, null, 2);
}
