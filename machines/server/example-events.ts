/** An event of every type that a server's chart takes, for tools that explore charts. */

import { failure } from '../failure.ts';
import { defaultPolicy } from '../policy/defaults.ts';
import type { CommandEvent, ServerEvent } from './events.ts';

type Examples = {
  readonly [Type in ServerEvent['type']]: Type extends CommandEvent['type']
    ? CommandEvent
    : Extract<ServerEvent, { readonly type: Type }>;
};

const moment = { at: 0, random: 0.5 };
const command = { commandId: 'c1', ...moment };
/** News of the first life. */
const news = { generation: 1, ...moment };

const examples: Examples = {
  'server.start': { type: 'server.start', ...command },
  'server.stop': { type: 'server.stop', ...command },
  'server.restart': { type: 'server.restart', ...command },
  'server.retry': { type: 'server.retry', ...command },
  'server.reset': { type: 'server.reset', ...command },
  'server.configure': { type: 'server.configure', policy: defaultPolicy, changed: true, wanted: null, ...moment },
  'server.needed': { type: 'server.needed' },
  'server.remove': { type: 'server.remove', ...moment },
  'server.shutdown': { type: 'server.shutdown' },
  'slot.granted': { type: 'slot.granted' },
  'dependencies.changed': { type: 'dependencies.changed', waitingFor: [], blockedBy: null },
  'dependents.changed': { type: 'dependents.changed', awake: true },
  'dependents.waiting': { type: 'dependents.waiting' },
  'round.stop': { type: 'round.stop', heldFor: [] },
  'round.hold': { type: 'round.hold', heldFor: [] },
  'machine.resumed': { type: 'machine.resumed', ...moment },
  'session.spawned': { type: 'session.spawned', pid: 1, ...news },
  'session.progressed': { type: 'session.progressed', ...news },
  'session.initialized': { type: 'session.initialized', ...news },
  'session.ready': { type: 'session.ready', ...news },
  'session.unread': { type: 'session.unread', lists: [], ...news },
  'session.crowded': { type: 'session.crowded', crowding: null, ...news },
  'session.doubted': { type: 'session.doubted', reason: 'a stream ended', ...news },
  'session.failed': { type: 'session.failed', failure: failure('disconnected', 'stdout was closed'), ...news },
  'session.exited': { type: 'session.exited', failure: failure('exited', 'exited', { exitCode: 1 }), ...news },
  'session.ended': { type: 'session.ended', failure: null, ...news },
  'session.heard': {
    type: 'session.heard',
    question: 1,
    quietForMs: 60_000,
    unusedForMs: 60_000,
    inFlight: 0,
    callLeftMs: 0,
    lagMs: 0,
    usedCpu: false,
    ...news,
  },
  'probe.answered': { type: 'probe.answered', latencyMs: 1, ...news },
  'look.found': { type: 'look.found', ...moment },
  'look.due': { type: 'look.due' },
  'idle.due': { type: 'idle.due' },
  'start.due': { type: 'start.due' },
};

/** One of each type; the news is of generation 1. */
export const exampleEvents: readonly ServerEvent[] = Object.values(examples);
