/** What is shown of servers at rest, compared with the processes that live. */

import type { Living } from '../scene/living.ts';

export interface Shown {
  readonly name: string;
  readonly state: string;
  readonly substate: string | null;
  readonly since: string;
  readonly wanted: 'up' | 'down';
  readonly generation: number;
  readonly pid: number | null;
  readonly lazy: boolean;
  readonly dependsOn: readonly string[];
}

/** The servers with something still to come. */
export function restless(servers: readonly Shown[]): readonly string[] {
  const connected = new Set(servers.filter(({ state }) => state === 'connected').map(({ name }) => name));
  return servers
    .filter(({ state, wanted, lazy, dependsOn }) => {
      const isWaiting = dependsOn.some((name) => !connected.has(name));
      if (state === 'idle') return wanted === 'up' && !lazy && !isWaiting;
      return state === 'backoff' ? !isWaiting : !['connected', 'failed', 'needs-auth'].includes(state);
    })
    .map(({ name, state, substate }) => `"${name}" is ${state} ${substate ?? ''}`);
}

/** What is shown and not so, or so and not shown. */
export function untruths(servers: readonly Shown[], living: readonly Living[]): readonly string[] {
  const shown = new Map(servers.map((server) => [server.name, server]));
  const leaders = new Set(living.filter(({ pid, group }) => pid === group).map(({ pid }) => pid));
  return [
    ...servers
      .filter(({ state, pid }) => state === 'connected' && (pid === null || !leaders.has(pid)))
      .map(({ name, pid }) => `"${name}" is shown as connected, and its process ${pid} does not live`),
    ...living
      .filter(({ server, generation, group, isStray }) => {
        const own = shown.get(server);
        return own?.state !== 'connected' || own.generation !== generation || (!isStray && own.pid !== group);
      })
      .map((one) => {
        const own = shown.get(one.server);
        const words =
          own === undefined ? 'is not there' : `is ${own.state}, generation ${own.generation}, pid ${own.pid}`;
        return `process ${one.pid} of group ${one.group} lives, generation ${one.generation} of "${one.server}", which ${words}`;
      }),
  ];
}

/** Whether nothing has happened between two looks. */
export function isSame(before: readonly Shown[], after: readonly Shown[]): boolean {
  const words = (servers: readonly Shown[]): string =>
    JSON.stringify(servers.map(({ name, state, since, generation, pid }) => [name, state, since, generation, pid]));
  return words(before) === words(after);
}
