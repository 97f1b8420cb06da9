/** Calls that are in flight all the while, each of which must get one answer, and its own. */

import type { Client } from '../../support/doors/client.ts';
import type { Dice } from '../schedule/dice.ts';
import type { ControlPlane } from './control-plane.ts';

export interface Load {
  /** One call beside the others. */
  call(server: string, tool: string, args: Readonly<Record<string, unknown>>): void;
  /** Resolves when none is in flight; none is begun until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  count(): number;
}

export interface LoadParts {
  /** Null: there is none just now. */
  readonly controlPlane: () => ControlPlane | null;
  readonly servers: readonly string[];
  readonly dice: Dice;
  readonly violate: (what: string) => void;
}

const concurrent = 5;
const timeoutMs = 1_500;
/** A call is answered by then, also if the control plane was stopped for a while and the machine is busy. */
const answerMs = 30_000;

/** A call that was sent so long before has been accepted, also on a busy machine. */
const acceptMs = 200;

/** Codes that tell a caller the truth about a server that is restarted, stopped, edited away or hung. */
const honest: ReadonlySet<unknown> = new Set([
  'SERVER_NOT_CONNECTED',
  'SERVER_NOT_FOUND',
  'SERVER_BUSY',
  'TOOL_NOT_FOUND',
  'CALL_TIMED_OUT',
  'OUTCOME_UNKNOWN',
  'SHUTTING_DOWN',
]);

export function startLoad({ controlPlane, servers, dice, violate }: LoadParts): Load {
  const inFlight = new Set<Promise<void>>();
  /** Grows with each pause: who calls again and again ends with its round. */
  let round = 0;
  let count = 0;

  const one = async (plane: ControlPlane, server: string, tool: string, args: object): Promise<void> => {
    count += 1;
    const path = `/api/servers/${encodeURIComponent(server)}/tools/${tool}/call`;
    const startedAtMs = performance.now();
    const problem = await problemOf(plane.client, path, args);
    if (problem === null || (problem.isBroken && (await isEndOf(plane, startedAtMs)))) return;
    violate(`call ${tool} of "${server}": ${problem.what}`);
  };
  const begin = (...call: Parameters<typeof one>): Promise<void> => {
    // What it rejects with is a violation of its own.
    const running = one(...call)
      .catch((error: unknown) => violate(String(error)))
      .finally(() => inFlight.delete(running));
    inFlight.add(running);
    return running;
  };
  /** The next one follows when this one is settled. */
  const goOn = async (): Promise<void> => {
    const own = round;
    while (own === round) {
      const plane = controlPlane();
      if (plane === null) return;
      const server = dice.pick(servers);
      if (dice.chance(0.7)) await begin(plane, server, 'echo', { text: `${count} of many` });
      else await begin(plane, server, 'sleep', { ms: 30 + dice.below(200) });
      // Refusals come at once.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  return {
    call(server, tool, args) {
      const plane = controlPlane();
      if (plane !== null) void begin(plane, server, tool, args);
    },
    async pause() {
      round += 1;
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
    resume() {
      for (let index = 0; index < concurrent; index += 1) void goOn();
    },
    count: () => count,
  };
}

interface Problem {
  /** The connection broke: no problem if the control plane was killed. */
  readonly isBroken: boolean;
  readonly what: string;
}

/** Null: there is none. */
async function problemOf(client: Client, path: string, args: object): Promise<Problem | null> {
  const startedAtMs = performance.now();
  try {
    const body = { arguments: args, timeoutMs };
    const { status, json } = await client.post(path, body, { signal: AbortSignal.timeout(answerMs) });
    if (status !== 200) return honest.has(json.code) ? null : { isBroken: false, what: JSON.stringify(json) };
    const text = JSON.stringify((json.result as { readonly content?: unknown } | undefined)?.content);
    const isOwn = !('text' in args) || text === JSON.stringify([{ type: 'text', text: args.text }]);
    return isOwn ? null : { isBroken: false, what: `the answer of another: ${text}` };
  } catch (error) {
    const isLate = performance.now() - startedAtMs >= answerMs;
    return { isBroken: !isLate, what: isLate ? `not answered within ${answerMs} ms` : String(error) };
  }
}

/**
 * Whether a connection that broke is explained: a call was sent to a control plane that was killed, or that did not
 * accept it any more, since it was asked to end. It can break a moment before the end of the process is told.
 */
async function isEndOf(plane: ControlPlane, startedAtMs: number): Promise<boolean> {
  if (startedAtMs > (plane.askedToEndAtMs() ?? Number.POSITIVE_INFINITY) - acceptMs) return true;
  const deadline = performance.now() + 1_000;
  while (plane.isUp() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  return !plane.isUp();
}
