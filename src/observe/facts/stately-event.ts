/** Inspection events in the form that Stately's inspector and its package `@statelyai/inspect` take. */

import { toXstateConfig } from '../../../machines/chart/definition.ts';
import { clientProcessMachine } from '../../../machines/client-process.machine.ts';
import { groupMachine } from '../../../machines/group.machine.ts';
import { serverMachine } from '../../../machines/server.machine.ts';
import { supervisorMachine } from '../../../machines/supervisor.machine.ts';
import type { InspectedEvent, InspectedMessage, InspectedSnapshot } from './inspected-event.ts';

/** The state of a chart as XState writes it: `{ starting: 'listing' }`. */
export type StatelyValue = string | { readonly [state: string]: StatelyValue };

/** A snapshot as XState's types have it: `output` and `error` are always keys. */
export interface StatelySnapshot {
  readonly status: InspectedSnapshot['status'];
  readonly output: undefined;
  readonly error: undefined;
  /** Undefined: the actor has no chart. */
  readonly value: StatelyValue | undefined;
  readonly context: unknown;
}

interface Common {
  readonly id: string;
  readonly sessionId: string;
  readonly rootId: string;
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string;
  readonly _version: string;
}

/** What `inspector.adapter.send` of `@statelyai/inspect` 0.7 takes. */
export type StatelyEvent =
  | (Common & {
      readonly type: '@xstate.actor';
      readonly name: string;
      /** The chart as JSON; undefined: the actor has none. */
      readonly definition: string | undefined;
      readonly parentId: string | undefined;
      readonly snapshot: { readonly status: 'active' };
    })
  | (Common & {
      readonly type: '@xstate.event';
      readonly event: InspectedMessage;
      readonly sourceId: string | undefined;
    })
  | (Common & {
      readonly type: '@xstate.snapshot';
      readonly event: InspectedMessage;
      readonly snapshot: StatelySnapshot;
    });

/** The version of `@statelyai/inspect` whose form this is. */
const formVersion = '0.7.2';

const charts = new Map(
  [supervisorMachine, groupMachine, clientProcessMachine, serverMachine].map((machine) => [machine.id, machine]),
);
/** Made when they are first asked for: each is some 20 kB, and a fleet has one actor for each server. */
const definitions = new Map<string, string>();

/** For Stately's inspector, of which `@statelyai/inspect` has the transport; null: that shows no such events. */
export function toStatelyEvent(inspected: InspectedEvent): StatelyEvent | null {
  const common: Common = {
    id: '',
    sessionId: inspected.sessionId,
    rootId: inspected.rootId,
    createdAt: String(Date.parse(inspected.at)),
    _version: formVersion,
  };
  switch (inspected.type) {
    case '@xstate.actor': {
      const { type, actor, machine, parentId } = inspected;
      const definition = machine === null ? undefined : definitionOf(machine);
      const snapshot = { status: 'active' } as const;
      return { ...common, type, name: actor, definition, parentId: parentId ?? undefined, snapshot };
    }
    case '@xstate.event': {
      const { type, event, sourceId } = inspected;
      return { ...common, type, event, sourceId: sourceId ?? undefined };
    }
    case '@xstate.snapshot': {
      const { type, event, snapshot } = inspected;
      return { ...common, type, event, snapshot: toSnapshot(snapshot) };
    }
    default:
      return null;
  }
}

function definitionOf(id: string): string | undefined {
  const chart = charts.get(id);
  if (chart === undefined) return undefined;
  const known = definitions.get(id) ?? JSON.stringify(toXstateConfig(chart));
  definitions.set(id, known);
  return known;
}

function toSnapshot({ status, state, context }: InspectedSnapshot): StatelySnapshot {
  const value = state === null ? undefined : stateValueOf(state.split('.'));
  return { status, output: undefined, error: undefined, value, context };
}

function stateValueOf([state = '', ...below]: readonly string[]): StatelyValue {
  return below.length === 0 ? state : { [state]: stateValueOf(below) };
}
