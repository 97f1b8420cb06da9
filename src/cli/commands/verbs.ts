/** `mcpvisor start`, `stop`, `restart`, `retry`, `reset`: one command for some servers, and its outcome. */

import type * as z from 'zod';
import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import { toError } from '../../http/client/problem-reader.ts';
import { eventOutcomes } from '../../http/schemas/outcome.ts';
import { toWords } from '../../names.ts';
import type { CommandType } from '../../supervisor/contract.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { writeError } from '../screen/error-output.ts';
import { longestWaitMs, parseWait } from '../screen/number-options.ts';
import { oneLine } from '../screen/terminal.ts';
import { clientProcess, commandClientProcess, isClientVerb } from './client-verbs.ts';

export const verbs = ['start', 'stop', 'restart', 'retry', 'reset'] as const;

export type Verb = (typeof verbs)[number];

export interface CommandFlags extends ConnectionFlags {
  readonly all?: boolean;
  /** False: `--no-wait`. */
  readonly wait?: boolean;
  readonly timeout?: string;
}

type Outcome = z.output<typeof eventOutcomes>['outcomes'][number];

/** Names, groups and `*` are sent as they are: the control plane decides which servers they mean. */
export async function command(
  verb: Verb,
  { words, flags }: { words: readonly string[]; flags: CommandFlags },
  invocation: Invocation,
): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  const waitMs = flags.wait === false ? null : parseWait(flags.timeout, longestWaitMs / 2);
  const type: CommandType = `server.${verb}`;
  const body = { type, servers: targetsOf(words, flags.all === true) };
  const { client } = await connect(flags, invocation);
  const waiting = waitMs === null ? {} : { query: { wait: waitMs }, grantedMs: waitMs };
  const { outcomes } = await client.post('/api/events', eventOutcomes, { ...waiting, body });
  const unknown = outcomes.flatMap((outcome) => unknownIn(outcome) ?? []);
  const known = outcomes.filter((outcome) => unknownIn(outcome) === null);
  const [first] = words;
  // No server has that name, or it would be known.
  if (isClientVerb(verb) && first === clientProcess && words.length === 1 && unknown.length === 1)
    return commandClientProcess(client, { verb, waitMs, asJson: flags.json === true }, invocation);
  if (known.length > 0 || outcomes.length === 0) {
    if (flags.json === true) stdout.write(`${JSON.stringify({ outcomes })}\n`);
    else write(known, { verb, waitMs, stdout, stderr });
  }
  for (const error of unknown) writeError(error, stderr, flags.json === true);
  if (unknown.length > 0) return exitCodes.notFound;
  return outcomes.every((outcome) => isGood(outcome, waitMs)) ? exitCodes.done : exitCodes.rejected;
}

/** Throws `INVALID_REQUEST`. */
export function targetsOf(words: readonly string[], all: boolean): readonly string[] {
  if (all !== words.length > 0) return all ? ['*'] : words;
  const message = all ? '--all and names exclude each other' : 'which servers? none is named';
  throw new McpvisorError('INVALID_REQUEST', {
    problems: [{ path: '', message, hint: 'give names, group:NAME, or --all', severity: 'error' }],
  });
}

/** The error of an unknown name; null: the name is known. */
function unknownIn(outcome: Outcome): McpvisorError | null {
  const error = 'error' in outcome ? toError(outcome.error) : null;
  return isMcpvisorError(error, 'SERVER_NOT_FOUND') || isMcpvisorError(error, 'ACTOR_NOT_FOUND') ? error : null;
}

interface Writing extends Pick<Invocation, 'stdout' | 'stderr'> {
  readonly verb: Verb;
  readonly waitMs: number | null;
}

/** A line for each server, with its state now. */
function write(outcomes: readonly Outcome[], { verb, waitMs, stdout, stderr }: Writing): void {
  if (outcomes.length === 0) stdout.write(`There is no server to ${verb}.\n`);
  for (const outcome of outcomes) {
    (isGood(outcome, waitMs) ? stdout : stderr).write(`${describe(outcome, { verb, waitMs })}\n`);
  }
}

function isGood(outcome: Outcome, waitMs: number | null): boolean {
  return !('error' in outcome) && (waitMs === null || outcome.outcome !== null);
}

interface Words {
  readonly verb: Verb;
  readonly waitMs: number | null;
}

function describe(outcome: Outcome, { verb, waitMs }: Words): string {
  const name = toWords(outcome.server);
  const state = outcome.state ?? 'removed';
  if ('error' in outcome) return oneLine(`${name}: ${verb} was rejected: ${reasonOf(outcome.error)}`);
  if (outcome.outcome === 'done') return `${name}: ${verb} is done, it is ${state}`;
  if (outcome.outcome === 'superseded') return `${name}: ${verb} was superseded by a later command, it is ${state}`;
  return waitMs === null
    ? `${name}: ${verb} is accepted, it is ${state}`
    : `${name}: ${verb} has not settled within ${waitMs} ms and goes on, it is ${state}`;
}

/** The server's failure says more than that the command was rejected. */
function reasonOf({ code, detail, reason, lastFailure }: Extract<Outcome, { error: unknown }>['error']): string {
  const failure =
    typeof lastFailure === 'object' && lastFailure !== null && 'message' in lastFailure ? lastFailure.message : null;
  if (typeof reason === 'string' && typeof failure === 'string') return `${reason}: ${failure}`;
  return typeof detail === 'string' ? detail : code;
}
