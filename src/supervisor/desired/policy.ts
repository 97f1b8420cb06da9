/** The numbers of a specification that its chart decides by. */

import type { ServerPolicy } from '../../../machines/policy.ts';
import { initializeTimeoutMsOf } from '../../config/install-budget.ts';
import type { ServerSpecification } from '../../specification.ts';

/** `related`: whether others depend on it, it depends on others, or its group acts as one. */
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
