/** What XState's inspection reports about the live actors, as plain data for a host: nothing in it is alive or secret. */

import { type AnyActor, type AnyActorRef, type InspectionEvent, StateMachine } from 'xstate';
import { edgeOf } from '../../../machines/chart/edges.ts';
import { pathOf } from '../../../machines/state-path.ts';
import type { Redactor } from '../secrets/redact.ts';
import type { InspectedEvent } from './inspected-event.ts';
import { type OnError, reportError } from './report-error.ts';

export interface InspectorOptions {
  readonly redactor: Pick<Redactor, 'value'>;
  /** The host's callback. What it throws goes to `onError`: in XState it would lose the event. */
  readonly inspect: (event: InspectedEvent) => void;
  readonly nowMs: () => number;
  readonly onError?: OnError;
}

/** For the `inspect` option of the root's `createActor`. The result never throws. */
export function createInspector({
  redactor,
  inspect,
  nowMs,
  onError,
}: InspectorOptions): (event: InspectionEvent) => void {
  return (event) => {
    try {
      inspect(redactor.value(plain(toInspected(event, nowMs()))) as InspectedEvent);
    } catch (error) {
      reportError(onError, error);
    }
  };
}

function toInspected(inspection: InspectionEvent, nowMs: number): InspectedEvent {
  const actor = inspection.actorRef as AnyActor;
  // While an actor is being created, only its options hold its system id.
  const name = actor.options.systemId ?? actor.id;
  const common = {
    actor: name,
    sessionId: actor.sessionId,
    rootId: inspection.rootId,
    at: new Date(nowMs).toISOString(),
  };
  switch (inspection.type) {
    case '@xstate.actor':
      return {
        type: inspection.type,
        ...common,
        machine: machineOf(actor),
        parentId: actor._parent?.sessionId ?? null,
      };
    case '@xstate.event': {
      const source = inspection.sourceRef as AnyActorRef | undefined;
      return { type: inspection.type, ...common, event: inspection.event, sourceId: source?.sessionId ?? null };
    }
    case '@xstate.action':
      return { type: inspection.type, ...common, action: { type: inspection.action.type } };
    case '@xstate.microstep': {
      const edges = inspection._transitions.map(edgeOf);
      return { type: inspection.type, ...common, ...stepOf(inspection), edges };
    }
    default:
      return { type: inspection.type, ...common, ...stepOf(inspection) };
  }
}

function machineOf({ logic }: AnyActor): string | null {
  return logic instanceof StateMachine ? logic.id : null;
}

type Step = Extract<InspectionEvent, { readonly snapshot: unknown }>;

function stepOf({ event, snapshot }: Step): Pick<Extract<InspectedEvent, { snapshot: unknown }>, 'event' | 'snapshot'> {
  const {
    status,
    value,
    context = null,
  } = snapshot as Step['snapshot'] & {
    readonly value?: Parameters<typeof pathOf>[0];
    readonly context?: unknown;
  };
  return { event, snapshot: { status, state: value === undefined ? null : pathOf(value), context } };
}

/** A copy as in JSON: what an actor holds is never handed out, and errors keep their name and message. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) =>
      part instanceof Error ? { name: part.name, message: part.message } : part,
    ),
  );
}
