/** How long the first answer of a server may take: some commands download the program the first time they run it. */

import { basename } from 'node:path';
import type { ServerSpecification } from '../specification.ts';

const packageRunners: ReadonlySet<string> = new Set(['npx', 'pnpm', 'yarn', 'bunx', 'uvx', 'pipx', 'docker', 'podman']);

/** In milliseconds. */
export function initializeTimeoutMsOf(specification: ServerSpecification): number {
  const { installTimeoutMs, startTimeoutMs } = specification;
  return mayInstall(specification) ? installTimeoutMs : startTimeoutMs;
}

function mayInstall(specification: ServerSpecification): boolean {
  return specification.transport === 'stdio' && packageRunners.has(basename(specification.command));
}
