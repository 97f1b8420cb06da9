/** An event of every type that the chart of the client process takes, for tools that explore charts. */

import { failure } from '../failure.ts';
import { defaultClientProcessPolicy } from '../policy/defaults.ts';
import type { ClientProcessEvent } from './events.ts';

type Examples = { readonly [Type in ClientProcessEvent['type']]: Extract<ClientProcessEvent, { readonly type: Type }> };

const moment = { at: 0, random: 0.5 };
/** News of the first try. */
const news = { generation: 1, ...moment };

const examples: Examples = {
  'client.start': { type: 'client.start', ...moment },
  'client.restart': { type: 'client.restart', ...moment },
  'client.drain': { type: 'client.drain', ...moment },
  'client.shutdown': { type: 'client.shutdown', ...moment },
  'client.leave': { type: 'client.leave', ...moment },
  'client.configure': { type: 'client.configure', policy: defaultClientProcessPolicy, stopMs: 10_000, ...moment },
  'machine.resumed': { type: 'machine.resumed', ...moment },
  'holder.found': { type: 'holder.found', ...news },
  'holder.none': { type: 'holder.none', ...news },
  'holder.outdated': { type: 'holder.outdated', ...news },
  'holder.ending': { type: 'holder.ending', ...news },
  'holder.refused': { type: 'holder.refused', failure: failure('misconfigured', 'another program listens'), ...news },
  'holder.forked': { type: 'holder.forked', pid: 1, ...news },
  'holder.connected': { type: 'holder.connected', pid: 1, startedAt: 0, adopted: false, sessions: 0, ...news },
  'holder.lost': { type: 'holder.lost', failure: failure('clientLost', 'exited', { exitCode: 1 }), ...news },
  'holder.disconnected': { type: 'holder.disconnected', ...news },
  'holder.beat': { type: 'holder.beat', lagMs: 0, sessions: 0, ...news },
  'holder.drained': { type: 'holder.drained', ...news },
  'holder.gone': { type: 'holder.gone', ...news },
  'holder.cleared': { type: 'holder.cleared', ...news },
};

/** One of each type; the news is of generation 1. */
export const clientExampleEvents: readonly ClientProcessEvent[] = Object.values(examples);
