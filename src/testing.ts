/** For the tests of host programs: time that moves when it is told to, and a server that needs no process. */

import { setImmediate as turn } from 'node:timers/promises';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from './clock.ts';
import type { HostedTransports, Transport } from './session/hosted/parts.ts';

export type { Clock };

export interface VirtualClock extends Clock {
  /**
   * Moves the time on by this many milliseconds. What is due meanwhile is done in its order; before and after each of
   * it, what follows from it in this process has a few turns of the event loop.
   */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly callback: () => void;
  readonly dueAt: number;
}

/** Turns of the event loop in which an in-memory server has answered, and a chart has taken its steps. */
const turnsToSettle = 20;

/** A clock for `createSupervisor({ clock })` that stands still until it is told to advance. */
export function virtualClock(startsAtMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Set<Timer>();
  let nowMs = startsAtMs;

  function nextUntil(untilMs: number): Timer | undefined {
    const due = [...timers].filter(({ dueAt }) => dueAt <= untilMs);
    return due.toSorted((one, other) => one.dueAt - other.dueAt)[0];
  }

  async function settle(): Promise<void> {
    for (let turns = 0; turns < turnsToSettle; turns += 1) await turn();
  }

  return {
    now: () => nowMs,
    setTimeout(callback, delayMs) {
      const timer = { callback, dueAt: nowMs + Math.max(0, delayMs) };
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer as Timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let next = nextUntil(untilMs); next !== undefined; next = nextUntil(untilMs)) {
        timers.delete(next);
        nowMs = Math.max(nowMs, next.dueAt);
        next.callback();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

/** Answers a call of a tool: a text, or a whole result. What it throws is the server's error. */
export type InMemoryTool = (
  args: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => string | CallToolResult | Promise<string | CallToolResult>;

export interface InMemoryServer {
  /** For `transports` of `createSupervisor`, under the name that entries have as their `transport`. */
  readonly transport: HostedTransports[string];
  /** How many sessions were opened. */
  readonly sessions: number;
  /** Ends its session, as a crash does. A new session works. */
  crash(): Promise<void>;
  /** From now on its session takes messages and answers none. A new session works. */
  hang(): void;
}

/** A server within this process, with these tools, by name. */
export function inMemoryServer(tools: Readonly<Record<string, InMemoryTool>>): InMemoryServer {
  const answers = new Map(Object.entries(tools));
  const listed: Tool[] = [...answers.keys()].map((name) => ({ name, inputSchema: { type: 'object' } }));
  let session: { readonly far: Transport; isHung: boolean } | null = null;
  let sessions = 0;

  async function open(): Promise<Transport> {
    const server = new Server({ name: 'in-memory', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
      const answer = answers.get(params.name);
      if (answer === undefined) throw new Error(`no tool is called ${params.name}`);
      const result = await answer(params.arguments ?? {}, signal);
      return typeof result === 'string' ? { content: [{ type: 'text', text: result }] } : result;
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    const opened = { far, isHung: false };
    const send = near.send.bind(near);
    near.send = async (message, options) => {
      if (!opened.isHung) await send(message, options);
    };
    session = opened;
    sessions += 1;
    return near;
  }

  return {
    transport: open,
    get sessions() {
      return sessions;
    },
    async crash() {
      await session?.far.close();
    },
    hang() {
      if (session !== null) session.isHung = true;
    },
  };
}
