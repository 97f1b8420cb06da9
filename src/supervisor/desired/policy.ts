/** The numbers of a specification that its chart decides by. */

import { basename } from 'node:path';
import type { ServerPolicy } from '../../../machines/policy.ts';
import type { ServerSpecification } from '../../specification.ts';

/** Commands that may download what they run, the first time they run it. */
const packageRunners: ReadonlySet<string> = new Set(['npx', 'pnpm', 'yarn', 'bunx', 'uvx', 'pipx', 'docker', 'podman']);

/** `related`: whether others depend on it, it depends on others, or its group acts as one. */
export function policyOf(specification: ServerSpecification, related: boolean): ServerPolicy {
  const { restart, heartbeat, stop, startTimeoutMs, installTimeoutMs, lazy, idleStopMs, dependsOn } = specification;
  return {
    restart,
    heartbeat,
    stop,
    startTimeoutMs,
    initializeTimeoutMs: installs(specification) ? installTimeoutMs : startTimeoutMs,
    lazy,
    idleStopMs,
    remote: typeof specification.transport === 'string' && specification.transport !== 'stdio',
    dependsOn,
    related,
  };
}

function installs(specification: ServerSpecification): boolean {
  return specification.transport === 'stdio' && packageRunners.has(basename(specification.command));
}
