/** Turns XState's inspection events into facts: the exact edges of each step, and the events that were ignored. */

import type {
  AnyActor,
  AnyActorRef,
  InspectedActorEvent,
  InspectedMicrostepEvent,
  InspectionEvent,
  StateValue,
} from 'xstate';
import type { Edge } from '../../../machines/chart/data.ts';
import { edgeOf, eventText } from '../../../machines/chart/edges.ts';
import { pathOf, topOf } from '../../../machines/state-path.ts';
import { systemClock } from '../../clock.ts';
import type { PublishFact } from './fact.ts';
import { type OnError, reportError } from './report-error.ts';

export interface InspectionOptions {
  readonly publish: PublishFact;
  /** The wall clock in milliseconds, for `sinceMs`. Default: the machine's. */
  readonly nowMs?: () => number;
  /**
   * Called with an error of this file or of a listener; rethrown, it would lose the event that is being inspected.
   * Default: dropped.
   */
  readonly onError?: OnError;
}

/**
 * `name` is the actor's system id, or else its id. The actor is still being created: subscribe to it, but do not read
 * its snapshot yet.
 */
export type ActorListener = (actor: AnyActorRef, name: string) => void;

export interface Inspection {
  /** The `inspect` option of the root's `createActor`. Never throws. */
  inspect(event: InspectionEvent): void;
  /** Calls `listener` with each actor created from now on. Returns a function that unsubscribes. */
  onActor(listener: ActorListener): () => void;
  /**
   * Publishes a finished step of the actor that XState has not reported yet, so that its fact comes before the facts of
   * what it caused. Never throws.
   */
  catchUp(actor: AnyActorRef): void;
  /** When the actor entered the top-level state it is in, by `nowMs`; null if the actor is unknown. */
  sinceMs(actor: AnyActorRef): number | null;
}

/** What is remembered of an actor from one of its steps to the next. */
interface Watch {
  readonly name: string;
  /** Where its last step led; null before its first. */
  path: string | null;
  sinceMs: number;
  /** Edges of the step under way. Other actors' steps may come in between: what actions send is processed at once. */
  edges: Edge[];
  /** Type of the event that began the step under way. */
  event: string;
}

/** What is read of a chart's snapshot: XState types that of an unknown chart as `any`. */
interface ChartSnapshot {
  readonly machine: { readonly id: string };
  readonly value: StateValue;
  readonly tags: ReadonlySet<string>;
  readonly context: { readonly generation?: unknown; readonly failure?: { readonly class?: unknown } | null };
}

type ChartId = 'server' | 'group' | 'client-process' | 'supervisor';

export function createInspection({ publish, nowMs = systemClock.now, onError }: InspectionOptions): Inspection {
  const watches = new WeakMap<object, Watch>();
  const actorListeners = new Set<ActorListener>();

  function onActorMade({ actorRef }: InspectedActorEvent): void {
    const actor = actorRef as AnyActorRef;
    const name = nameOf(actor);
    watches.set(actor, { name, path: null, sinceMs: nowMs(), edges: [], event: 'xstate.init' });
    for (const listener of actorListeners) {
      try {
        listener(actor, name);
      } catch (error) {
        reportError(onError, error);
      }
    }
  }

  /**
   * An actor older than the inspection is watched from its next step on: until that step is over, its snapshot is the
   * previous one.
   */
  function watchOf(actor: AnyActorRef): Watch {
    const seen = watches.get(actor);
    if (seen !== undefined) return seen;
    const path = pathOf((actor.getSnapshot() as ChartSnapshot).value);
    const watch: Watch = { name: nameOf(actor), path, sinceMs: nowMs(), edges: [], event: '' };
    watches.set(actor, watch);
    return watch;
  }

  function onMicrostep({ actorRef, event, snapshot, _transitions }: InspectedMicrostepEvent): void {
    if (chartIdOf(snapshot) === null) return;
    const watch = watchOf(actorRef as AnyActorRef);
    if (watch.edges.length === 0) watch.event = event.type;
    for (const transition of _transitions) watch.edges.push(edgeOf(transition));
    if (_transitions.length > 0 || event.type.startsWith('xstate.')) return;
    const { value, context } = snapshot as unknown as ChartSnapshot;
    publish({
      type: 'event.ignored',
      actor: watch.name,
      ...generationOf(context),
      event: event.type,
      state: pathOf(value),
    });
  }

  function onStepOver(actorRef: object, snapshot: unknown): void {
    const chartId = chartIdOf(snapshot);
    const watch = chartId === null ? undefined : watches.get(actorRef);
    if (chartId === null || watch === undefined) return;
    const { value, tags, context } = snapshot as unknown as ChartSnapshot;
    const { edges } = watch;
    const to = pathOf(value);
    const from = watch.path ?? edges[0]?.source ?? to;
    if (topOf(from) !== topOf(to)) watch.sinceMs = nowMs();
    watch.path = to;
    if (edges.length === 0) return;
    watch.edges = [];
    if (from === to && edges.every(({ targets }) => targets.every((target) => isIn(to, target)))) return;
    const fact = { actor: watch.name, ...generationOf(context), from, to, event: eventText(watch.event), edges };
    if (chartId === 'server')
      publish({
        type: 'server.transitioned',
        ...fact,
        reason: reasonOf(context),
        ...(tags.has('delayed') ? retryOf(context) : {}),
      });
    else if (chartId === 'group') publish({ type: 'group.transitioned', ...fact });
    else if (chartId === 'client-process') publish({ type: 'client.transitioned', ...fact });
    else publish({ type: 'supervisor.transitioned', ...fact });
  }

  /** XState reports a step only after everything that the step sent has been processed. */
  function catchUp(actor: AnyActorRef): void {
    const watch = watches.get(actor);
    if (watch !== undefined && watch.edges.length > 0) onStepOver(actor, actor.getSnapshot());
  }

  return {
    inspect(event) {
      try {
        if (event.type === '@xstate.microstep') onMicrostep(event);
        else if (event.type === '@xstate.snapshot') onStepOver(event.actorRef, event.snapshot);
        else if (event.type === '@xstate.event') {
          if (event.sourceRef !== undefined) catchUp(event.sourceRef as AnyActorRef);
        } else if (event.type === '@xstate.actor') onActorMade(event);
      } catch (error) {
        reportError(onError, error);
      }
    },
    catchUp(actor) {
      try {
        catchUp(actor);
      } catch (error) {
        reportError(onError, error);
      }
    },
    onActor(listener) {
      const own: ActorListener = (actor, name) => listener(actor, name);
      actorListeners.add(own);
      return () => void actorListeners.delete(own);
    },
    sinceMs: (actor) => watches.get(actor)?.sinceMs ?? null,
  };
}

/** Whether a state is this one, or within it. */
function isIn(path: string, state: string): boolean {
  return path === state || path.startsWith(`${state}.`);
}

/** While an actor is being created, only its options hold its system id. */
function nameOf(actor: AnyActorRef): string {
  return (actor as AnyActor).options.systemId ?? actor.id;
}

function chartIdOf(snapshot: unknown): ChartId | null {
  const { machine } = snapshot as Partial<ChartSnapshot>;
  const id = machine?.id;
  return id === 'server' || id === 'group' || id === 'client-process' || id === 'supervisor' ? id : null;
}

function generationOf(context: ChartSnapshot['context']): { readonly generation?: number } {
  const { generation } = context;
  return typeof generation === 'number' ? { generation } : {};
}

function retryOf(context: object): { readonly attempt?: number; readonly retryInMs?: number } {
  const { counters, delayMs } = context as {
    readonly counters?: { readonly attempt?: unknown };
    readonly delayMs?: unknown;
  };
  const attempt = counters?.attempt;
  return typeof attempt === 'number' && typeof delayMs === 'number' ? { attempt, retryInMs: delayMs } : {};
}

function reasonOf(context: ChartSnapshot['context']): string | null {
  const failureClass = context.failure?.class;
  return typeof failureClass === 'string' ? failureClass : null;
}
