/** The standing of a server: what it reports to the actors above it, and what they conclude from that. */

import { type Dependency, isApproved, type Prospect, waitsInVain } from './clearance.ts';
import type { ServerContext } from './context.ts';
import type { Standing, StandingPhase } from './events.ts';

export function standingOf(context: ServerContext): Standing {
  const { generation, wanted, next, policy, waitingFor, blockedBy, heldFor, heldAwake, failure } = context;
  return {
    phase: phaseOf(context),
    generation,
    wanted,
    next,
    lazy: policy.lazy,
    hasFinished: heldAwake && failure !== null && next === 'idle',
    isUrgent: isUrgent(context),
    waitingFor,
    blockedBy,
    heldFor,
    heldAwake,
    isApproved: isApproved(context),
  };
}

/** A state that is only passed through within a step is not reported: the receiver would act on it. */
function phaseOf(context: ServerContext): StandingPhase {
  const { phase, autostart, policy } = context;
  if (phase === 'resting' && autostart) return 'waiting';
  return phase === 'waiting' && policy.lazy && waitsInVain(context) ? 'resting' : phase;
}

/** Whether a person or a caller waits for it. */
export function isUrgent({ called, open }: Pick<ServerContext, 'called' | 'open'>): boolean {
  return called || open.some(({ kind }) => kind === 'start' || kind === 'restart' || kind === 'retry');
}

/** Starting or connected. */
export function isUp({ phase }: Standing): boolean {
  return phase === 'starting' || phase === 'connected';
}

/** Whether others have to wait for its end. They do not wait for one that cannot be killed. */
export function isLeft(standing: Standing): boolean {
  return isUp(standing) || standing.phase === 'ending';
}

/** Whether it runs, or is to run as soon as possible. */
export function wishesToRun(standing: Standing): boolean {
  const { phase } = standing;
  if (!standing.isApproved) return isLeft(standing) || phase === 'stuck';
  return phase !== 'resting' && phase !== 'failed' && phase !== 'needs-auth';
}

/** Whether it is being stopped to rest afterwards, as a lazy server that nobody needs is. */
export function isFallingAsleep({ phase, next }: Standing): boolean {
  return (phase === 'ending' || phase === 'stuck') && next === 'idle';
}

/** What its dependents see of it. */
export function asDependency(standing: Standing): Dependency {
  const { phase, blockedBy } = standing;
  // A dependency matters neither to a server that runs already, nor to one whose delay is still running.
  const isTrying = isLeft(standing) || phase === 'stuck' || phase === 'delaying';
  const prospect = prospectOf(standing);
  const waits = prospect === 'coming' || prospect === 'finished';
  if (waits && !isTrying && !standing.isApproved) return { standing: 'unapproved', blockedBy: null };
  return { standing: prospect, blockedBy: isTrying ? null : blockedBy };
}

function prospectOf({ phase, wanted, lazy, hasFinished }: Standing): Prospect {
  if (phase === 'connected') return 'connected';
  if (wanted === 'down') return 'stopped';
  if (phase === 'failed' || phase === 'needs-auth') return phase;
  return phase === 'resting' && (!lazy || hasFinished) ? 'finished' : 'coming';
}
