/** What servers are to each other, read off the living actors: where each stands for those that depend on it. */

import type { AnyActorRef } from 'xstate';
import { serverId } from '../group/holding.ts';
import type { Dependencies } from '../order.ts';
import { type Clearance, clearanceOf, type Dependency, isSameClearance, type Standing } from '../server/clearance.ts';
import type { ServerContext, ServerEvent } from '../server/events.ts';
import type { Applicant } from './start-slots.ts';

export interface ActorSystem {
  get(id: string): AnyActorRef | undefined;
}

interface ServerView {
  readonly context: ServerContext;
  matches(state: unknown): boolean;
  hasTag(tag: string): boolean;
}

export type Message = readonly [actor: AnyActorRef, event: ServerEvent];

export interface Relations {
  readonly dependencies: Dependencies;
  readonly dependents: Dependencies;
}

/** What is to be told to whom when something about these servers has changed. */
export function tidings(
  servers: readonly string[],
  { dependencies, dependents }: Relations,
  system: ActorSystem,
): readonly Message[] {
  const waiting = new Set(servers.flatMap((server) => [server, ...(dependents[server] ?? [])]));
  const needed = new Set(servers.flatMap((server) => [server, ...(dependencies[server] ?? [])]));
  return [
    ...[...waiting].flatMap((server) => clearanceTidings(server, dependencies, system)),
    ...[...needed].flatMap((server) => wakingTidings(server, dependents, system)),
  ];
}

/** Whether something of a server runs that its dependencies have to wait for at the end. */
export function isLeft(server: string, system: ActorSystem): boolean {
  const view = viewOf(server, system);
  if (view === null) return false;
  return view.hasTag('live') && !view.matches({ stopping: 'stuck' }) && !view.matches({ 'heartbeat-timeout': 'stuck' });
}

/** Whether it is starting or connected. */
export function isUp(server: string, system: ActorSystem): boolean {
  const view = viewOf(server, system);
  return view !== null && (view.matches('starting') || view.matches('connected'));
}

/**
 * Where a server that waits for a slot stands: a dependency may have gone down in the midst of the step that grants it.
 */
export function applicantOf(server: string, dependencies: Dependencies, system: ActorSystem): Applicant {
  if (system.get(serverId(server)) === undefined) return 'gone';
  const wanted = dependencies[server] ?? [];
  return wanted.every((dependency) => viewOf(dependency, system)?.matches('connected') === true) ? 'ready' : 'held';
}

function clearanceTidings(server: string, dependencies: Dependencies, system: ActorSystem): readonly Message[] {
  const actor = system.get(serverId(server));
  const view = viewOf(server, system);
  if (actor === undefined || view === null) return [];
  const clearance: Clearance = clearanceOf(dependencies[server] ?? [], (dependency) =>
    dependencyOf(dependency, system),
  );
  return isSameClearance(clearance, view.context) ? [] : [[actor, { type: 'dependencies.changed', ...clearance }]];
}

/**
 * A lazy server is started when a dependent waits for it, at once if somebody waits for that one, and kept awake while
 * one wishes to run.
 */
function wakingTidings(server: string, dependents: Dependencies, system: ActorSystem): readonly Message[] {
  const actor = system.get(serverId(server));
  const view = viewOf(server, system);
  if (actor === undefined || view === null || !view.context.policy.lazy) return [];
  const wishing = (dependents[server] ?? [])
    .flatMap((dependent) => viewOf(dependent, system) ?? [])
    .filter(wishesToRun);
  const awake = wishing.length > 0;
  const kept: readonly Message[] =
    awake === view.context.heldAwake ? [] : [[actor, { type: 'dependents.changed', awake }]];
  if (!awake || hasFinished(view) || view.context.wanted !== 'up') return kept;
  const isResting = view.matches({ idle: 'resting' });
  const fallsAsleep =
    view.hasTag('live') && view.context.next === 'idle' && !view.matches('starting') && !view.matches('connected');
  if (wishing.some(isUrgent)) return isResting || fallsAsleep ? [...kept, [actor, { type: 'server.needed' }]] : kept;
  // One that falls asleep is heard of again when it rests.
  return isResting ? [...kept, [actor, { type: 'dependents.waiting' }]] : kept;
}

function dependencyOf(server: string, system: ActorSystem): Dependency {
  const view = viewOf(server, system);
  // Its actor comes, moves or is replaced.
  if (view === null) return { standing: 'coming', blockedBy: null };
  // One that runs is not kept from starting any more, one whose delay runs not yet.
  const isTrying = view.hasTag('live') || view.matches({ backoff: 'delaying' });
  return { standing: standingOf(view), blockedBy: isTrying ? null : view.context.blockedBy };
}

function standingOf(view: ServerView): Standing {
  const { wanted, policy, autostart } = view.context;
  if (view.matches('connected')) return 'connected';
  if (wanted === 'down') return 'stopped';
  if (view.matches('failed')) return 'failed';
  if (view.matches('needs-auth')) return 'needs-auth';
  return view.matches({ idle: 'resting' }) && !autostart && (!policy.lazy || hasFinished(view)) ? 'finished' : 'coming';
}

/**
 * A lazy server that ended by itself while dependents needed it: to wake it again for the same wish would be a restart
 * without delay or budget.
 */
function hasFinished({ context }: ServerView): boolean {
  return context.heldAwake && context.failure !== null && context.next === 'idle';
}

/** A person or a caller waits for it. */
function isUrgent({ context: { called, open } }: ServerView): boolean {
  return called || open.some(({ kind }) => kind !== 'stop');
}

function wishesToRun(view: ServerView): boolean {
  return !view.matches({ idle: 'resting' }) && !view.matches('failed') && !view.matches('needs-auth');
}

function viewOf(server: string, system: ActorSystem): ServerView | null {
  const actor = system.get(serverId(server));
  // One that is being made, or died, has no state.
  const view = actor?.getSnapshot() as (ServerView & { readonly status: string }) | undefined;
  return view === undefined || view.status !== 'active' ? null : view;
}
