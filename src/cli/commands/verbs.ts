/** `mcpvisor start`, `stop`, `restart`, `retry`, `reset`: one command for some servers, and what became of it. */

import type { z } from 'zod';
import { eventOutcomes } from '../../http/schemas/outcome.ts';
import { serverList } from '../../http/schemas/server.ts';
import type { CommandType } from '../../supervisor/contract.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { longestWaitMs, parseWait } from '../screen/numbers.ts';
import { oneLine } from '../screen/terminal.ts';
import { areNamed, serversOf } from './targets.ts';

export const verbs = ['start', 'stop', 'restart', 'retry', 'reset'] as const;

export type Verb = (typeof verbs)[number];

export interface CommandFlags extends ConnectionFlags {
  readonly all?: boolean;
  /** False: `--no-wait`. */
  readonly wait?: boolean;
  readonly timeout?: string;
}

type Outcome = z.output<typeof eventOutcomes>['outcomes'][number];

export async function command(
  verb: Verb,
  { words, flags }: { words: readonly string[]; flags: CommandFlags },
  invocation: Invocation,
): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  const waitMs = flags.wait === false ? null : parseWait(flags.timeout, longestWaitMs / 2);
  const { client } = await connect(flags, invocation);
  const targets = { words, all: flags.all === true };
  const { servers: before } = await client.get('/api/servers', serverList);
  const mayTake = (name: string) =>
    verb !== 'retry' || areNamed(targets) || before.some((one) => one.name === name && isWaiting(one.state));
  const servers = serversOf(targets, before).filter(mayTake);
  const type: CommandType = `server.${verb}`;
  const query = waitMs === null ? {} : { wait: waitMs };
  const answer =
    servers.length === 0
      ? { outcomes: [] }
      : await client.post('/api/events', eventOutcomes, { query, body: { type, servers } });
  if (flags.json === true) {
    stdout.write(`${JSON.stringify(answer)}\n`);
  } else {
    const { servers: after } = await client.get('/api/servers', serverList);
    if (servers.length === 0) stdout.write(`There is no server to ${verb}.\n`);
    for (const outcome of answer.outcomes) {
      const state = after.find(({ name }) => name === outcome.server)?.state ?? 'removed';
      (isGood(outcome, waitMs) ? stdout : stderr).write(`${describe(outcome, { verb, state, waitMs })}\n`);
    }
  }
  return answer.outcomes.every((outcome) => isGood(outcome, waitMs)) ? exitCodes.done : exitCodes.rejected;
}

function isWaiting(state: string): boolean {
  return state === 'backoff' || state === 'needs-auth';
}

function isGood(outcome: Outcome, waitMs: number | null): boolean {
  return !('error' in outcome) && (waitMs === null || outcome.outcome !== null);
}

interface Words {
  readonly verb: Verb;
  readonly state: string;
  readonly waitMs: number | null;
}

function describe(outcome: Outcome, { verb, state, waitMs }: Words): string {
  const { server } = outcome;
  if ('error' in outcome) return oneLine(`${server}: ${verb} was rejected: ${reasonOf(outcome.error)}`);
  if (outcome.outcome === 'done') return `${server}: ${verb} is done, it is ${state}`;
  if (outcome.outcome === 'superseded') return `${server}: ${verb} was superseded by a later command, it is ${state}`;
  return waitMs === null
    ? `${server}: ${verb} is accepted, it is ${state}`
    : `${server}: ${verb} has not settled within ${waitMs} ms and goes on, it is ${state}`;
}

/** Of a command that came to nothing, the failure tells more than that it did. */
function reasonOf({ code, detail, reason, lastFailure }: Extract<Outcome, { error: unknown }>['error']): string {
  const failure =
    typeof lastFailure === 'object' && lastFailure !== null && 'message' in lastFailure ? lastFailure.message : null;
  if (typeof reason === 'string' && typeof failure === 'string') return `${reason}: ${failure}`;
  return typeof detail === 'string' ? detail : code;
}
