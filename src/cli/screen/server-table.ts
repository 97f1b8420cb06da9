/** Servers as a table: the state of each, since when, and its next try. */

import type { ServerState, ServerStatus } from '../../supervisor/contract.ts';
import type { Drawn, Format } from './drawn.ts';
import { type Column, toTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export type ShownServer = Pick<
  ServerStatus,
  'name' | 'state' | 'substate' | 'since' | 'attempt' | 'nextRetryAt' | 'counts' | 'alarms' | 'lastFailure'
>;

const formats = {
  idle: 'dim',
  starting: 'cyan',
  connected: 'green',
  'heartbeat-timeout': 'red',
  backoff: 'yellow',
  stopping: 'yellow',
  failed: 'red',
  'needs-auth': 'magenta',
} as const satisfies Record<ServerState, Format>;

/** Times are relative to `nowMs` on a terminal, and absolute in a pipe. */
export function toServerTable(servers: readonly ShownServer[], terminal: Terminal, nowMs: number): Drawn[] {
  const isShown = terminal.width !== null;
  const columns: readonly Column<ShownServer>[] = [
    { title: 'NAME', of: ({ name }) => name },
    {
      title: 'STATE',
      of: ({ state, substate }) => [state, ...(substate === null ? [] : [substate])].join('.'),
      format: ({ state }) => formats[state],
    },
    { title: 'SINCE', of: ({ since }) => (isShown ? `${durationOf(nowMs - Date.parse(since))} ago` : since) },
    { title: 'ATTEMPT', of: ({ attempt }) => String(attempt), align: 'right' },
    { title: 'RETRY', of: ({ nextRetryAt }) => retryOf(nextRetryAt, isShown ? nowMs : null) },
    { title: 'TOOLS', of: ({ counts }) => String(counts.tools), align: 'right' },
    {
      title: 'ALARMS',
      of: ({ alarms }) => alarms.map(({ alarm }) => alarm).join(', ') || '-',
      format: ({ alarms }) => (alarms.length > 0 ? 'red' : null),
    },
  ];
  return toTable(columns, servers, terminal);
}

function retryOf(at: string | null, nowMs: number | null): string {
  if (at === null) return '-';
  return nowMs === null ? at : `in ${durationOf(Math.max(0, Date.parse(at) - nowMs))}`;
}

/** The two largest units: `3 d 4 h`, `12 s`. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const hours = Math.floor(seconds / 3600);
  return hours < 24
    ? `${hours} h ${Math.floor((seconds % 3600) / 60)} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
