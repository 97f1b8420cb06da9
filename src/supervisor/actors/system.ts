/** The tree of actors: connects the charts to their effects, and finds each actor. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ActorRefFrom,
  type AnyActorRef,
  type AnyStateMachine,
  createActor,
  fromPromise,
  type InspectionEvent,
  type SnapshotFrom,
} from 'xstate';
import { groupMachine } from '../../../machines/group.machine.ts';
import type { Reaped } from '../../../machines/holding/deaths.ts';
import { serverMachine } from '../../../machines/server.machine.ts';
import { supervisorMachine } from '../../../machines/supervisor.machine.ts';
import { systemTimers, type TimerClock } from '../../clock.ts';
import type { Inspection } from '../../observe/facts/inspection.ts';
import { createLookout } from './lookout.ts';
import { createScheduler, type ScheduledTimer } from './scheduler.ts';
import { createSessionActor, type SessionActorParts } from './session/actor.ts';

export type ServerActor = ActorRefFrom<typeof serverMachine>;
export type GroupActor = ActorRefFrom<typeof groupMachine>;
export type ServerSnapshot = SnapshotFrom<typeof serverMachine>;
export type RootActor = ActorRefFrom<typeof supervisorMachine>;

export interface ActorsOptions extends SessionActorParts {
  readonly inspection: Inspection;
  /** The host's inspector. */
  readonly inspector: ((event: InspectionEvent) => void) | null;
  readonly slots: number;
  readonly shutdownMs: number;
  readonly clock: TimerClock | undefined;
  /** The wall clock in milliseconds. */
  readonly nowMs: () => number;
  /** Ends what an earlier run left behind. If it rejects, nothing is started. */
  readonly reap: () => Promise<void>;
  readonly killAll: () => void;
}

export interface Actors {
  readonly root: RootActor;
  /** The definitions that run, from the root down. */
  readonly charts: readonly AnyStateMachine[];
  server(name: string): ServerActor | undefined;
  group(name: string): GroupActor | undefined;
  timersOf(actor: AnyActorRef): readonly ScheduledTimer[];
}

/** Calls `provide` once for each chart: once per actor would cost 28 kB each. The root is not started yet. */
export function createActors(options: ActorsOptions): Actors {
  const { inspection, inspector, slots, shutdownMs, clock = systemTimers, nowMs, reap, killAll } = options;
  const server = serverMachine.provide({
    actors: { session: createSessionActor(options), lookout: createLookout(options) },
  });
  const reaper = createReaper(options);
  const turn = fromPromise<void>(() => nextTurn());
  const part = groupMachine.provide({ actors: { server, reaper, turn } });
  const group = groupMachine.provide({ actors: { server, reaper, turn, part } });
  const machine = supervisorMachine.provide({
    actors: { group, server, reaper, reap: fromPromise(() => reap()), killAll: fromPromise(async () => killAll()) },
  });
  const root = createActor(machine, {
    id: 'supervisor',
    systemId: 'supervisor',
    input: { slots, shutdownMs },
    inspect(event) {
      inspection.inspect(event);
      inspector?.(event);
    },
    clock,
  });
  const scheduler = createScheduler(clock, nowMs);
  root.system.scheduler = scheduler;
  return {
    root,
    charts: [machine, group, server],
    timersOf: scheduler.timersOf,
    server: (name) => root.system.get(`server:${name}`) as ServerActor | undefined,
    group: (name) => root.system.get(`group:${name}`) as GroupActor | undefined,
  };
}

function createReaper({ ledger, moments, worked }: Pick<ActorsOptions, 'ledger' | 'moments' | 'worked'>) {
  return fromPromise<Reaped, { server: string }>(async ({ input }) => {
    // In XState the children of an actor that died go on running.
    ledger.get(input.server)?.reported.session?.end('kill');
    await ledger.gone(input.server);
    const entry = ledger.get(input.server);
    const hasWorked = entry !== undefined && worked.has(entry.specification);
    return { ...moments.next(), generation: entry?.reported.generation ?? 0, worked: hasWorked };
  });
}
