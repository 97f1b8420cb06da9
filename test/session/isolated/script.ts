/** Sessions whose every word the test says, held at the far end of a hop whose connection can break. */

import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { Failure } from '../../../machines/failure.ts';
import type { OpenSession, Session, SessionNews } from '../../../src/session/contract.ts';
import { createFarEnd } from '../../../src/session/isolated/far/far-end.ts';
import { connectionOver } from '../../../src/session/isolated/lines.ts';
import { createNearEnd, type WouldOpen } from '../../../src/session/isolated/near/near-end.ts';
import type { Outlet } from '../../../src/session/outlet.ts';
import type { SessionRequest } from '../../../src/session/request.ts';
import { until } from '../../support/processes.ts';
import { specification, stop } from '../sessions.ts';

const target = { kind: 'hosted', transport: 'script', entry: {} } as const;

/** Its steps are given a hundredth of the usual time, and it obeys none of them by itself. */
export const quickStop = { ...stop, closeMs: 20, terminateMs: 30, killMs: 20 };

export function requestOf(server: string, generation: number, program = 'script'): SessionRequest {
  return {
    server,
    generation,
    capabilities: {},
    specification: specification({ ...target, transport: program }, { stop: quickStop }),
  };
}

export interface Scripted {
  readonly request: SessionRequest;
  readonly tell: (news: SessionNews) => void;
  /** What it was told to do, in order. */
  readonly orders: readonly string[];
}

export const lists = { tools: [], resources: [], resourceTemplates: [], prompts: [], problems: [] };

const peer = {
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'script', version: '1' },
  capabilities: {},
  instructions: null,
  transport: 'script',
};

export function getReady({ tell }: Scripted): void {
  tell({ type: 'spawned', pid: null, startTime: null });
  tell({ type: 'initialized', peer });
  tell({ type: 'ready', lists });
}

/** Calls never settle but by their signal; `progress` is reported once, and probes are never answered. */
function createScript() {
  const opened: Scripted[] = [];
  const open: OpenSession = (request, tell) => {
    const orders: string[] = [];
    opened.push({ request, tell, orders });
    const session: Session = {
      request: (method, _params, { signal } = {}) =>
        new Promise((resolve) => {
          orders.push(`request ${method}`);
          if (method === 'quick') resolve({});
          signal?.addEventListener('abort', () => void orders.push(`cancel ${method}`), { once: true });
        }),
      notify: (method) => void orders.push(`notify ${method}`),
      probe: (kind) => {
        orders.push(`probe ${kind}`);
        return new Promise(() => {});
      },
      end: (kind) => void orders.push(`end ${kind}`),
      report: (question) => tell({ type: 'heard', question, ...quiet }),
      limit: ({ callTimeoutMs }) => void orders.push(`limit ${callTimeoutMs}`),
      answer: (id) => void orders.push(`answer ${id}`),
    };
    return session;
  };
  return { opened, open };
}

const quiet = { quietForMs: 0, inFlight: 0, callLeftMs: 0, unusedForMs: 0, lagMs: 0, usedCpu: false };

export interface Asked {
  readonly session: Session;
  readonly news: readonly SessionNews[];
  readonly types: () => readonly string[];
  readonly ending: () => Failure | null | undefined;
}

/** A far end that stays, and near ends that come and go. */
export function createBreakableHop(outlet?: Outlet) {
  const script = createScript();
  const far = createFarEnd(script.open, outlet);

  function createNear(wouldOpen: WouldOpen = () => null) {
    const near = createNearEnd(wouldOpen);
    let cut = async (): Promise<void> => {};
    return {
      near,
      /** As a control plane does it, without the time between its steps. */
      connect(between: () => void = () => {}) {
        const [nearSide, farSide] = duplexPair();
        const [connection, farConnection] = [connectionOver(nearSide, () => {}), connectionOver(farSide, () => {})];
        farConnection.listen();
        connection.listen();
        const held = far.sessions;
        const keep = near.keepOf(held);
        between();
        far.serve(farConnection);
        const over = far.endAllBut(keep);
        const kept = new Set(keep);
        near.noteGenerations(held.map(({ server, generation }) => [server, generation] as const));
        near.attach(
          connection,
          held.filter(({ id }) => kept.has(id)),
        );
        cut = async () => {
          const closed = [nearSide, farSide].map((side) => once(side, 'close'));
          nearSide.destroy();
          farSide.destroy();
          near.detach();
          await Promise.all(closed);
        };
        return over;
      },
      /** Resolves when both ends have noticed. */
      cut: () => cut(),
      open(request: SessionRequest): Asked {
        const news: SessionNews[] = [];
        const session = near.open(request, (told) => void news.push(told));
        return {
          session,
          news,
          types: () => news.map(({ type }) => type),
          ending: () => news.find((told) => told.type === 'ended')?.failure,
        };
      },
    };
  }

  /** The session of that number among those that were opened. */
  async function scripted(index: number): Promise<Scripted> {
    await until(`session ${index} is opened`, () => script.opened.length > index);
    const found = script.opened[index];
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  return { far, opened: script.opened, createNear, scripted };
}
