/** `mcpvisor status`: every server, or every actor, once or until Ctrl-C. */

import type * as z from 'zod';
import type { ApiClient } from '../../http/client/client.ts';
import { actorList } from '../../http/schemas/actor.ts';
import { statusSchema } from '../../http/schemas/control-plane.ts';
import { toWords } from '../../names.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import { forEach } from '../for-each.ts';
import type { Invocation } from '../invocation.ts';
import { toActorTree } from '../screen/actor-tree.ts';
import { createBlock } from '../screen/block.ts';
import { type Drawn, drawn, shown, toText } from '../screen/drawn.ts';
import { toServerTable } from '../screen/server-table.ts';
import { oneLine, sizeOf, type Terminal, terminalOf } from '../screen/terminal.ts';
import { throttle } from '../screen/throttle.ts';
import { follow, isAbsence, untilEnd } from './follow.ts';

export interface StatusFlags extends ConnectionFlags {
  readonly tree?: boolean;
  readonly watch?: boolean;
}

export async function status(flags: StatusFlags, invocation: Invocation): Promise<ExitCode> {
  const { stdout, env } = invocation;
  const { client } = await connect(flags, invocation);
  const view = async (from: ApiClient) => await viewOf(from, flags, terminalOf(stdout, env));
  // What is there has to answer as a control plane before it is waited for again and again. Until it has, Ctrl-C ends
  // the process, watched or not: an answer may take long.
  const first = await view(client);
  if (flags.watch === true) await watch({ flags, invocation, view, first });
  else stdout.draw(toText(first));
  return exitCodes.done;
}

type View = (from: ApiClient) => Promise<readonly Drawn[]>;

async function viewOf(client: ApiClient, { tree, json }: StatusFlags, terminal: Terminal): Promise<readonly Drawn[]> {
  if (tree === true) {
    const list = await client.get('/api/actors', actorList);
    return json === true ? [shown(JSON.stringify(list))] : toActorTree(list.actors, terminal, Date.now());
  }
  const all = await client.get('/api/status', statusSchema);
  return json === true ? [shown(JSON.stringify(all))] : describeStatus(all, terminal);
}

function describeStatus(
  { servers, alarms, store }: z.output<typeof statusSchema>,
  terminal: Terminal,
): readonly Drawn[] {
  const failing = servers.filter(({ state, lastFailure }) => lastFailure !== null && state !== 'connected');
  const own = alarms.filter(({ actor }) => !actor.startsWith('server:'));
  return [
    ...(servers.length === 0 ? [drawn`There are no servers.`] : toServerTable(servers, terminal, Date.now())),
    ...failing.map(({ name, lastFailure }) =>
      shown(oneLine(`${toWords(name)}: ${lastFailure?.class}: ${lastFailure?.message}`)),
    ),
    ...(store.state === 'ok' ? [] : [terminal.paint('red', oneLine(degradedText(store)))]),
    ...own.map(({ actor, alarm, reason }) => terminal.paint('red', oneLine(`alarm ${alarm} of ${actor}: ${reason}`))),
  ];
}

function degradedText({ since, reason, queued, lost }: z.output<typeof statusSchema>['store']): string {
  const given = lost.facts + lost.servers === 0 ? '' : `, ${lost.facts} facts and ${lost.servers} servers given up`;
  return `store: degraded since ${since}: ${reason} (${queued.facts} facts and ${queued.servers} servers wait${given})`;
}

/** Facts within this time are shown together, in milliseconds. */
const calmMs = 100;
const tickMs = 1_000;

/**
 * On a terminal one block is redrawn in place; in a pipe each status follows the last, with `--json` as one JSON
 * document a line.
 */
async function watch({
  flags,
  invocation,
  view,
  first,
}: {
  flags: StatusFlags;
  invocation: Invocation;
  view: View;
  first: readonly Drawn[];
}): Promise<void> {
  const trouble = new AbortController();
  const signal = AbortSignal.any([untilEnd(invocation), trouble.signal]);
  const { stdout } = invocation;
  const isDrawn = stdout.isTTY === true && flags.json !== true;
  const block = createBlock(() => sizeOf(stdout).rows);
  let before = '';
  const show = (lines: readonly Drawn[]): void => {
    const text = toText(lines);
    if (isDrawn) stdout.draw(block.draw(lines));
    else if (text !== before) stdout.draw(text);
    before = text;
  };
  show(first);
  let client: ApiClient | null = null;
  // One request at a time; a failed one is made up for after the next fact.
  let showing = Promise.resolve();
  const showAgain = throttle(() => {
    showing = showing.then(async () => {
      if (client === null || signal.aborted) return;
      // The stream of facts waits for a control plane that is gone; what else is wrong ends the watching.
      await view(client)
        .then(show)
        .catch((error: unknown) => isAbsence(error) || trouble.abort(error));
    });
  }, calmMs);
  // Relative times change without facts, but only on a terminal.
  const clock = setInterval(() => isDrawn && showAgain(), tickMs);
  const open = (from: ApiClient) => {
    client = from;
    showAgain();
    return from.stream('/api/events', { signal });
  };
  try {
    await forEach(follow({ flags, invocation, signal, open }), showAgain);
  } finally {
    clearInterval(clock);
  }
  trouble.signal.throwIfAborted();
}
