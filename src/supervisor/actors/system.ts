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
  waitFor,
} from 'xstate';
import type { ClientProcessInput } from '../../../machines/client-process/events.ts';
import { clientProcessMachine } from '../../../machines/client-process.machine.ts';
import { groupMachine } from '../../../machines/group.machine.ts';
import type { Reaped } from '../../../machines/holding/deaths.ts';
import { clientProcessId } from '../../../machines/ids.ts';
import { serverMachine } from '../../../machines/server.machine.ts';
import { supervisorMachine } from '../../../machines/supervisor.machine.ts';
import { systemTimers, type TimerClock } from '../../clock.ts';
import type { Inspection } from '../../observe/facts/inspection.ts';
import type { ProcessHolder } from '../../session/isolated/near/holder.ts';
import { createHolderActor } from './client-process/holder.ts';
import { createLookout } from './lookout.ts';
import { createScheduler, type ScheduledTimer } from './scheduler.ts';
import { createSessionActor, type SessionActorParts } from './session/actor.ts';

export type ServerActor = ActorRefFrom<typeof serverMachine>;
export type GroupActor = ActorRefFrom<typeof groupMachine>;
export type ServerSnapshot = SnapshotFrom<typeof serverMachine>;
export type ClientActor = ActorRefFrom<typeof clientProcessMachine>;
export type RootActor = ActorRefFrom<typeof supervisorMachine>;

export interface ActorsOptions extends SessionActorParts {
  /** The client process, and what its chart goes by. Null: sessions are held in this process. */
  readonly clientProcess: { readonly holder: ProcessHolder; readonly settings: ClientProcessInput } | null;
  readonly inspection: Inspection;
  /** The host's inspector. */
  readonly inspector: ((event: InspectionEvent) => void) | null;
  readonly slots: number;
  readonly shutdownMs: number;
  readonly clock: TimerClock | undefined;
  /** The wall clock in milliseconds. */
  readonly nowMs: () => number;
  /** Resolves when no other control plane uses the store, and what it knows of servers has been read. */
  readonly claim: () => Promise<void>;
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
  /** Undefined: sessions are held in this process. */
  client(): ClientActor | undefined;
  timersOf(actor: AnyActorRef): readonly ScheduledTimer[];
}

/** Calls `provide` once for each chart: once per actor would cost 28 kB each. The root is not started yet. */
export function createActors(options: ActorsOptions): Actors {
  const { inspection, inspector, slots, shutdownMs, clock = systemTimers, nowMs, claim, reap, killAll } = options;
  const server = serverMachine.provide({
    actors: { session: createSessionActor(options), lookout: createLookout(options) },
  });
  const reaper = createReaper(options);
  const { clientProcess } = options;
  const client = clientProcessMachine.provide({
    actors: { holder: createHolderActor(clientProcess?.holder ?? null, options.moments) },
  });
  const turn = fromPromise<void>(() => nextTurn());
  const part = groupMachine.provide({ actors: { server, reaper, turn } });
  const group = groupMachine.provide({ actors: { server, reaper, turn, part } });
  const machine = supervisorMachine.provide({
    actors: {
      group,
      server,
      reaper,
      [clientProcessId]: client,
      claim: fromPromise(claim),
      reap: fromPromise(async ({ system }) => {
        await reap();
        await firstOutcome(system.get(clientProcessId) as ClientActor | undefined);
      }),
      killAll: fromPromise(async () => killAll()),
    },
  });
  const root = createActor(machine, {
    id: 'supervisor',
    systemId: 'supervisor',
    input: { slots, shutdownMs, clientProcess: clientProcess?.settings ?? null },
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
    charts: clientProcess === null ? [machine, group, server] : [machine, group, client, server],
    timersOf: scheduler.timersOf,
    server: (name) => root.system.get(`server:${name}`) as ServerActor | undefined,
    client: () => root.system.get(clientProcessId) as ClientActor | undefined,
    group: (name) => root.system.get(`group:${name}`) as GroupActor | undefined,
  };
}

/** Resolves when the client process, if there is one, is there or has failed for the first time. Never rejects. */
async function firstOutcome(client: ClientActor | undefined): Promise<void> {
  if (client !== undefined) await waitFor(client, (snapshot) => snapshot.hasTag('settled')).catch(() => undefined);
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
