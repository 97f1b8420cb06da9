/** What only a running control plane knows: the state of its servers, and what they offer. */

import { isMcpvisorError } from '../../../errors.ts';
import type { ApiClient } from '../../../http/client/client.ts';
import { toolList } from '../../../http/schemas/catalog.ts';
import { statusSchema } from '../../../http/schemas/control-plane.ts';
import { toShellWord, toWords } from '../../../names.ts';
import type { ServerStatus } from '../../../supervisor/contract.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** `connect` may throw: without its token nothing is known of it. */
export async function checkRunning(connect: () => Promise<ApiClient>): Promise<readonly Finding[]> {
  try {
    const client = await connect();
    const { servers, alarms } = await client.get('/api/status', statusSchema);
    const { tools } = await client.get('/api/tools', toolList);
    return [
      ...servers.flatMap(checkServer),
      ...alarms.map(({ actor, alarm, reason, clearedBy }) =>
        warning(`alarm ${alarm}`, `${actor}: ${reason}`, `cleared by: ${clearedBy}`),
      ),
      ...checkNames(tools),
    ];
  } catch (error) {
    if (isMcpvisorError(error)) return [problem('API', error.message, 'look into its log')];
    throw error;
  }
}

function checkServer({ name, state, lastFailure, counts, alarms }: ServerStatus): readonly Finding[] {
  const check = `server ${toWords(name)}`;
  const isUnread = alarms.some(({ alarm }) => alarm === 'lists-unread');
  // Its lists are not empty but unknown, and the alarm says why.
  if (state === 'connected' && !isUnread && counts.tools + counts.resources + counts.prompts === 0) {
    return [
      warning(
        check,
        'is connected and lists no tool, resource or prompt',
        'it answered so: look at its arguments, and at the "tools" filter of its entry',
      ),
    ];
  }
  if (state === 'needs-auth')
    return [
      problem(
        check,
        `wants a person: ${lastFailure?.message ?? 'it refused our credentials'}`,
        `mend its headers, then "mcpvisor retry ${toShellWord(name)}"`,
      ),
    ];
  if (state === 'failed' || state === 'backoff' || state === 'heartbeat-timeout') {
    return [
      problem(
        check,
        `is in ${state}: ${lastFailure?.class ?? ''} ${lastFailure?.message ?? ''}`.trim(),
        `see "mcpvisor logs ${toShellWord(name)}"`,
      ),
    ];
  }
  return [];
}

export interface NamedTool {
  readonly server: string;
  readonly name: string;
  readonly exposedName: string;
}

/**
 * Tools whose names become equal when they are made to fit every model API: a suffix tells them apart, which a person
 * would not guess.
 */
export function checkNames(tools: readonly NamedTool[]): readonly Finding[] {
  const byName = new Map<string, readonly NamedTool[]>();
  for (const tool of tools) {
    const plain = `${tool.server}__${tool.name}`.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
    byName.set(plain, [...(byName.get(plain) ?? []), tool]);
  }
  const clashes = [...byName.values()].filter((same) => same.length > 1);
  if (clashes.length === 0) return [ok('names', `${tools.length} tools, no two names clash`)];
  return clashes.map((same) =>
    warning(
      'names',
      `clash: ${same.map(({ server, name, exposedName }) => `${name} of ${toWords(server)} (${exposedName})`).join(', ')}`,
      'rename one of the servers',
    ),
  );
}
