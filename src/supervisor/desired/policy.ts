/** The settings of a specification that its chart needs for decisions. */

import type { ServerPolicy } from '../../../machines/policy.ts';
import { initializeTimeoutMsOf } from '../../config/install-budget.ts';
import type { ServerSpecification } from '../../specification.ts';

/** `related`: it depends on others, others depend on it, or its group restarts members together. */
export function policyOf(specification: ServerSpecification, related: boolean): ServerPolicy {
  const { restart, heartbeat, stop, startTimeoutMs, lazy, idleStopMs, dependsOn } = specification;
  return {
    restart,
    heartbeat,
    stop,
    startTimeoutMs,
    initializeTimeoutMs: initializeTimeoutMsOf(specification),
    lazy,
    idleStopMs,
    remote: typeof specification.transport === 'string' && specification.transport !== 'stdio',
    dependsOn,
    related,
  };
}
