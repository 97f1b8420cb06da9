/** A real client process in a folder of its own, and the end of a control plane, which a test drives by its orders. */

import { tmpdir } from 'node:os';
import type { HolderOrder } from '../../../machines/client-process/events.ts';
import type { HolderTold } from '../../../src/session/isolated/near/holder.ts';
import type { WouldOpen } from '../../../src/session/isolated/near/near-end.ts';
import {
  createIsolatedSessions,
  type IsolatedSessions,
  type IsolatedSessionsOptions,
} from '../../../src/session/isolated/near/sessions.ts';
import type { SessionTarget } from '../../../src/session/request.ts';
import { onTestFinished } from '../../support/finishing.ts';
import { until } from '../../support/processes.ts';
import { programPath } from '../process/program-path.ts';
import { sessionsVia } from '../sessions.ts';

export interface ApartOptions extends Pick<IsolatedSessionsOptions, 'onRecordTrouble' | 'onGuardTrouble'> {
  readonly stateDir: string;
  readonly wouldOpen?: WouldOpen;
  readonly orphanGraceMs?: number;
  readonly watchdogMs?: number;
  readonly program?: readonly string[];
}

type ToldOf<Type extends HolderTold['type']> = Extract<HolderTold, { readonly type: Type }>;

export interface Apart extends ReturnType<typeof sessionsVia> {
  readonly sessions: IsolatedSessions;
  readonly told: readonly HolderTold[];
  /** Resolves with the first news of that type since the last order. */
  heard<Type extends HolderTold['type']>(type: Type): Promise<ToldOf<Type>>;
  order(type: HolderOrder['type']): void;
  /** Finds one or starts one, and is connected to it. Returns its pid. */
  connect(): Promise<number>;
}

let generations = 0;

/** At the end of the test it is killed with all that it holds. */
export function openApart({ stateDir, wouldOpen = () => null, ...options }: ApartOptions): Apart {
  const { orphanGraceMs = 30_000, watchdogMs = 10_000, program, ...hooks } = options;
  const told: HolderTold[] = [];
  let since = 0;
  const sessions = createIsolatedSessions({
    stateDir,
    clientInfo: { name: 'apart', version: '1.0.0' },
    wouldOpen,
    settings: () => ({ orphanGraceMs, watchdogMs, stops: [] }),
    ...(program !== undefined && { program }),
    ...hooks,
  });
  sessions.holder.listen((news) => void told.push(news));
  onTestFinished(async () => {
    apart.order('clear');
    await apart.heard('holder.cleared');
    await sessions.close();
  });
  const apart: Apart = {
    sessions,
    told,
    async heard<Type extends HolderTold['type']>(type: Type) {
      const isIt = (news: HolderTold): news is ToldOf<Type> => news.type === type;
      await until(`${type} is told`, () => told.slice(since).some(isIt));
      const found = told.slice(since).find(isIt);
      if (found === undefined) throw new Error('unreachable');
      return found;
    },
    order(type) {
      generations += 1;
      since = told.length;
      sessions.holder.carryOut(
        type === 'clear' ? { type, generation: generations, isCareful: false } : { type, generation: generations },
      );
    },
    async connect() {
      apart.order('probe');
      await until('something is found or not', () => told.length > since);
      apart.order(told.at(-1)?.type === 'holder.found' ? 'adopt' : 'fork');
      return (await apart.heard('holder.connected')).pid;
    },
    ...sessionsVia(() => sessions.open),
  };
  return apart;
}

export function program(name: string, ...args: readonly string[]): SessionTarget {
  const env = { PATH: process.env.PATH ?? '' };
  return { kind: 'stdio', command: process.execPath, args: [programPath(name), ...args], env, cwd: tmpdir() };
}
