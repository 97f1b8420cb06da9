/** The settings of a specification that its chart needs for decisions. */

import type { ServerPolicy } from '../../../machines/policy/policy.ts';
import type { ServerSpecification } from '../../specification.ts';

/** `related`: it depends on others, others depend on it, or its group restarts members together. `approval`: what a person has to approve first. */
export function policyOf(
  specification: ServerSpecification,
  { related, approval }: Pick<ServerPolicy, 'related' | 'approval'>,
): ServerPolicy {
  const { restart, heartbeat, stop, startTimeoutMs, installTimeoutMs, lazy, idleStopMs, dependsOn } = specification;
  return {
    restart,
    heartbeat,
    stop,
    startTimeoutMs,
    installTimeoutMs: Math.max(startTimeoutMs, installTimeoutMs),
    lazy,
    idleStopMs,
    remote: typeof specification.transport === 'string' && specification.transport !== 'stdio',
    dependsOn,
    related,
    approval,
  };
}
