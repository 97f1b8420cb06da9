/** A supervisor with real servers for one test, and waiting for what it tells. */

import { fileURLToPath } from 'node:url';
import {
  createSupervisor,
  type Fact,
  type FactType,
  type Supervisor,
  type SupervisorOptions,
} from '../../src/index.ts';
import type { Supervisor as BareSupervisor } from '../../src/supervisor/contract.ts';
import { onTestFinished } from './finishing.ts';
import { createMark, killMarked, pidsMarked } from './processes.ts';

export type Entry = Readonly<Record<string, unknown>>;
export type Entries = Readonly<Record<string, Entry>>;
export type FactOf<Type extends FactType> = Extract<Fact, { readonly type: Type }>;

/** Delays short enough for a test. */
export const quickRestart = { baseMs: 40, capMs: 400 };
export const quickStop = { closeMs: 300, terminateMs: 300, killMs: 3_000 };

/** Where the programs of `test/servers` are. */
function programPath(name: string): string {
  return fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url));
}

export interface Stage {
  /** In the arguments of every program. */
  readonly mark: string;
  /** The entry of a program of `test/servers`, with quick delays. */
  program(name: string, extra?: Entry, args?: readonly string[]): Entry;
  /** Opens a supervisor with these servers. */
  open(servers: Entries, settings?: Entry, options?: SupervisorOptions): Promise<Supervisor>;
}

/** Called within a test: supervisors and programs are gone when that test is over. */
export function openStage(): Stage {
  const mark = createMark();
  const opened: Supervisor[] = [];
  onTestFinished(async () => {
    await Promise.all(opened.map((supervisor) => supervisor.close()));
    const left = pidsMarked(mark);
    killMarked(mark);
    if (left.length > 0) throw new Error(`processes were left behind: ${left.join(', ')}`);
  });
  return {
    mark,
    program: (name, extra = {}, args = []) => ({
      command: process.execPath,
      args: [programPath(name), ...args, mark],
      restart: quickRestart,
      stop: quickStop,
      ...extra,
    }),
    async open(servers, settings = {}, options = {}) {
      const supervisor = await createSupervisor({ config: { mcpServers: servers, mcpvisor: settings }, ...options });
      opened.push(supervisor);
      return supervisor;
    },
  };
}

export interface FactWait {
  /** Number of the last fact seen. 0: from the beginning. Default: only what comes from now on. */
  readonly since?: number;
  readonly withinMs?: number;
}

/** Resolves with the first fact of this type that `isIt` takes. Listens from the moment it is called. */
export function untilFact<Type extends FactType>(
  supervisor: BareSupervisor,
  type: Type,
  isIt: (fact: FactOf<Type>) => boolean = () => true,
  { since, withinMs = 20_000 }: FactWait = {},
): Promise<FactOf<Type>> {
  const facts = supervisor.facts({ signal: AbortSignal.timeout(withinMs), ...(since !== undefined && { since }) });
  const read = async () => {
    const seen: string[] = [];
    for await (const fact of facts) {
      if (fact.type === type && isIt(fact as FactOf<Type>)) return fact as FactOf<Type>;
      seen.push(JSON.stringify(fact).slice(0, 200));
    }
    throw new Error(`No such ${type} within ${withinMs} ms; the last facts were:\n${seen.slice(-20).join('\n')}`);
  };
  const found = read();
  // A test that fails before it looks has its own reason.
  found.catch(() => null);
  return found;
}

/** Resolves when the server enters a state (or one below it). Listens from the moment it is called. */
export function untilState(
  supervisor: BareSupervisor,
  server: string,
  state: string,
  wait?: FactWait,
): Promise<FactOf<'server.transitioned'>> {
  const isThere = ({ actor, to }: FactOf<'server.transitioned'>) =>
    actor === `server:${server}` && (to === state || to.startsWith(`${state}.`));
  return untilFact(supervisor, 'server.transitioned', isThere, wait);
}

/** Every fact that is kept, so far. */
export async function factsSoFar(supervisor: BareSupervisor): Promise<readonly Fact[]> {
  const reader = supervisor.facts({ since: 0 })[Symbol.asyncIterator]();
  const facts: Fact[] = [];
  const noMore = Symbol('no more');
  for (;;) {
    const next = await Promise.race([
      reader.next(),
      new Promise<typeof noMore>((resolve) => setImmediate(resolve, noMore)),
    ]);
    if (next === noMore || next.done === true) break;
    if (next.value.type !== 'facts.missed') facts.push(next.value);
  }
  await reader.return?.();
  return facts;
}

/** The pid the server's status shows; throws without one. */
export function pidOf(supervisor: BareSupervisor, server: string): number {
  const { pid } = supervisor.status(server);
  if (pid === null) throw new Error(`server "${server}" has no process`);
  return pid;
}

/** The text of a tool's result. */
export function textOf({ content }: { readonly content?: readonly unknown[] }): string {
  const [first] = content ?? [];
  return typeof first === 'object' && first !== null && 'text' in first ? String(first.text) : '';
}

/** What a promise that must reject rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it resolved with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
