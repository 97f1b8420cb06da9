/** Waits until everything is at rest, and looks whether what is shown is so. */

import { isSame, restless, type Shown, untruths } from '../judge/rest.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Living, livingOf } from './living.ts';

export interface RestParts {
  readonly mark: string;
  readonly controlPlane: ControlPlane;
  /** Those that the configuration has. */
  readonly names: readonly string[];
  readonly violate: (what: string) => void;
}

/** Longer than the longest chain of delays, on a machine with much else to do. */
const withinMs = 40_000;
const pauseMs = 40;

/** Resolves with the servers as they were last shown. No calls are to be in flight. */
export async function comeToRest({ mark, controlPlane, names, violate }: RestParts): Promise<readonly Shown[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const before = await serversOf(controlPlane);
    const open = [...absentOrExtra(before, names), ...restless(before)];
    const living = livingOf(mark);
    const problems =
      open.length > 0 ? open : [...untruths(before, living), ...(await unanswered(controlPlane, before, living))];
    const after = await serversOf(controlPlane);
    if (problems.length === 0 && isSame(before, after)) return after;
    if (performance.now() > deadline) {
      for (const problem of problems) violate(`not at rest or not true within ${withinMs} ms: ${problem}`);
      return after;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export async function serversOf({ client }: ControlPlane): Promise<readonly Shown[]> {
  const { json } = await client.get('/api/servers', { signal: AbortSignal.timeout(30_000) });
  return (json.servers ?? []) as readonly Shown[];
}

function absentOrExtra(servers: readonly Shown[], names: readonly string[]): readonly string[] {
  const there = servers.map(({ name }) => name);
  return [
    ...names.filter((name) => !there.includes(name)).map((name) => `"${name}" is missing`),
    ...there.filter((name) => !names.includes(name)).map((name) => `"${name}" is still there`),
  ];
}

/** Each connected server answers, and it is a process of its group that does. */
async function unanswered(
  { client }: ControlPlane,
  servers: readonly Shown[],
  living: readonly Living[],
): Promise<readonly string[]> {
  const asked = servers
    .filter(({ state }) => state === 'connected')
    .map(async ({ name, pid }) => {
      const { status, json, text } = await client.post(`/api/servers/${encodeURIComponent(name)}/tools/pid/call`, {});
      const said = JSON.stringify(json.result ?? {});
      const group = living.filter((one) => one.group === pid && !one.isStray);
      const isOwn = group.some((one) => said.includes(`"text":"${one.pid}"`));
      return status === 200 && isOwn
        ? []
        : [`"${name}" is shown as connected, and its process ${pid} does not answer: ${text}`];
    });
  return (await Promise.all(asked)).flat();
}
