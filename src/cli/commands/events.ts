/** `mcpvisor events`: the facts of the journal, over restarts, and with `-f` those to come. */

import type * as z from 'zod';
import { McpvisorError } from '../../errors.ts';
import type { ApiClient } from '../../http/client/client.ts';
import { actorList } from '../../http/schemas/actor.ts';
import { anyFact, anyJournalPage, factsMissed } from '../../http/schemas/fact.ts';
import { toNamesParameter } from '../../names.ts';
import { describeFact } from '../../observe/facts/describe.ts';
import type { Fact } from '../../observe/facts/fact.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import type { Invocation } from '../invocation.ts';
import { clockTimeOf } from '../screen/clock-time.ts';
import { parseWhole } from '../screen/number-options.ts';
import { oneLine } from '../screen/terminal.ts';
import { follow, untilEnd } from './follow.ts';

export interface EventsFlags extends ConnectionFlags {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly actor?: readonly string[];
  readonly type?: readonly string[];
}

type ShownFact = z.output<typeof anyFact>;

const usualFacts = 100;
const mostFacts = 100_000;

export async function events(flags: EventsFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, stderr } = invocation;
  const tail = flags.tail === undefined ? usualFacts : parseWhole(flags.tail, { option: '--tail', max: mostFacts });
  const { actor: actors = [] } = flags;
  const filter = {
    ...(actors.length > 0 && { actor: toNamesParameter(actors) }),
    type: flags.type?.join(','),
  };
  const { client } = await connect(flags, invocation);
  // Asked for first, so that nothing is lost between asking and following, even if no fact matches yet.
  const newest = (await lastPage(client, { tail: 1 })).facts.at(-1);
  const describe = (fact: ShownFact) =>
    flags.json === true ? JSON.stringify(fact) : describeLine(fact, stdout.isTTY === true);
  const { facts, reason = null } = await lastPage(client, { ...filter, tail: Math.max(tail, 1) });
  await refuseUnknown(client, actors, facts);
  if (reason !== null) stderr.write(`Not everything is shown: ${oneLine(reason)}\n`);
  const shown = tail === 0 ? [] : facts;
  if (flags.follow !== true) {
    stdout.write(
      flags.json === true
        ? `${JSON.stringify({ facts: shown, next: null, complete: reason === null, reason })}\n`
        : shown.map((fact) => `${describe(fact)}\n`).join(''),
    );
    return exitCodes.done;
  }
  // Facts of an earlier run are in no stream.
  const seen = Math.max(newest?.seq ?? 0, facts.at(-1)?.seq ?? 0);
  let lastEventId = seen === 0 ? null : String(seen);
  const signal = untilEnd(invocation);
  stdout.write(shown.map((fact) => `${describe(fact)}\n`).join(''));
  const open = (from: ApiClient) => from.stream('/api/events', { query: filter, lastEventId, signal });
  for await (const { id, data } of follow({ flags, invocation, signal, open })) {
    lastEventId = id ?? lastEventId;
    stdout.write(`${describeAny(data, { asJson: flags.json === true, describe })}\n`);
  }
  return exitCodes.done;
}

/** There will never be a fact of a misspelt name. A removed server may still have some. Throws `ACTOR_NOT_FOUND`. */
async function refuseUnknown(client: ApiClient, wanted: readonly string[], facts: readonly ShownFact[]): Promise<void> {
  const untold = wanted.filter((id) => facts.every(({ actor }) => actor !== id));
  if (untold.length === 0) return;
  const { actors } = await client.get('/api/actors', actorList);
  const known = actors.map(({ id }) => id);
  for (const actor of untold.filter((id) => !known.includes(id))) {
    if ((await lastPage(client, { actor: toNamesParameter([actor]), tail: 1 })).facts.length === 0)
      throw new McpvisorError('ACTOR_NOT_FOUND', { actor, known });
  }
}

interface Wanted {
  readonly actor?: string | undefined;
  readonly type?: string | undefined;
  readonly tail: number;
}

async function lastPage(client: ApiClient, wanted: Wanted): Promise<z.output<typeof anyJournalPage>> {
  return await client.get('/api/journal', anyJournalPage, { query: { ...wanted } });
}

function describeAny(
  data: unknown,
  { asJson, describe }: { readonly asJson: boolean; readonly describe: (fact: ShownFact) => string },
): string {
  const missed = factsMissed.safeParse(data).data;
  if (missed !== undefined && !asJson) return `(facts up to ${missed.to} were missed: they are not remembered)`;
  const fact = anyFact.safeParse(data).data;
  return fact === undefined || asJson ? JSON.stringify(data) : describe(fact);
}

function describeLine(fact: ShownFact, isTerminal: boolean): string {
  return `${clockTimeOf(fact.at, isTerminal)} ${fact.actor} ${fact.type}: ${oneLine(sentenceOf(fact))}`;
}

/** A later version of the control plane may send facts that this one cannot describe. */
function sentenceOf(fact: ShownFact): string {
  try {
    return describeFact(fact as unknown as Fact);
  } catch {
    // What it holds is shown as it came.
    const { seq: _, at: __, actor: ___, type: ____, ...rest } = fact;
    return JSON.stringify(rest);
  }
}
