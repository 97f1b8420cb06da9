/** The processes of a run's servers, from `/proc`: what is told of them elsewhere is compared with this. */

import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../../support/processes.ts';

export interface Living {
  readonly pid: number;
  readonly group: number;
  readonly startedAt: string;
  readonly server: string;
  /** Of the process that owns its group, and the server's generation: one group has one of them. */
  readonly life: string;
  readonly generation: number;
  /** It fled from its group: its program does that when it is told to. */
  readonly isStray: boolean;
}

/** Every living process with the mark of a server, and with this text in its environment, where all of them have it. */
export function livingOf(text: string): readonly Living[] {
  return pids().flatMap((pid) => {
    const environment = readText(pid, 'environ');
    if (!environment.includes(text)) return [];
    const mark = /(?:^|\0)MCPVISOR_SERVER=([0-9a-f]+):([^:\0]+):(\d+)/.exec(environment);
    const stat = statOf(pid);
    if (mark === null || stat === null) return [];
    const [, instance = '', server = '', generation = ''] = mark;
    const [command, , role, ...args] = readText(pid, 'cmdline').split('\0');
    const isFugitive = role === 'daemon' || (role === 'grandchild' && args.includes('escapes'));
    // What `outlives-its-death` hands its stdout to.
    const isStray = isFugitive || command === '/bin/sleep';
    return [
      {
        pid,
        ...stat,
        server: decodeURIComponent(server),
        life: `${instance}:${generation}`,
        generation: Number(generation),
        isStray,
      },
    ];
  });
}

export function isAlive({ pid, startedAt }: Pick<Living, 'pid' | 'startedAt'>): boolean {
  return statOf(pid)?.startedAt === startedAt;
}

/** Ends whatever is left of them, for a run that has broken off. */
export async function killAllOf(text: string): Promise<void> {
  await until('nothing of them is left', () => {
    const living = livingOf(text);
    for (const { pid } of living) signal(pid, 'SIGKILL');
    return living.length === 0;
  });
}

/** The guard that this process started; null: there is none. */
export function guardOf(owner: number): number | null {
  return (
    pids().find((pid) => statOf(pid)?.parent === owner && readText(pid, 'cmdline').includes('mcpvisor-guard')) ?? null
  );
}

/** False: it was gone before. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    // It ended meanwhile.
    return false;
  }
}

interface Stat {
  readonly parent: number;
  readonly group: number;
  readonly startedAt: string;
}

/** Null: it is gone, or a zombie. */
function statOf(pid: number): Stat | null {
  const stat = readText(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  if (state === '' || state === 'Z' || state === 'X') return null;
  return { parent: Number(parent), group: Number(group), startedAt: fields[19] ?? '' };
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function readText(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, before or while it was read.
    return '';
  }
}
