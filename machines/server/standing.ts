/** Where a server stands: all that those above it decide by, as it tells them. Pure functions of what was told. */

import type { Dependency, Prospect } from './clearance.ts';
import type { ServerContext, Standing, StandingPhase } from './events.ts';

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
  };
}

/** A state that is passed through in the same step is never told: who heard of it would act on it. */
function phaseOf({ phase, autostart, policy, blockedBy }: ServerContext): StandingPhase {
  if (phase === 'resting' && autostart) return 'waiting';
  return phase === 'waiting' && policy.lazy && blockedBy !== null ? 'resting' : phase;
}

/** A person or a caller waits for it. */
export function isUrgent({ called, open }: Pick<ServerContext, 'called' | 'open'>): boolean {
  return called || open.some(({ kind }) => kind === 'start' || kind === 'restart' || kind === 'retry');
}

/** Starting or connected. */
export function isUp({ phase }: Standing): boolean {
  return phase === 'starting' || phase === 'connected';
}

/** Something of it runs that others have to wait for; one that cannot be killed is given up. */
export function isLeft(standing: Standing): boolean {
  return isUp(standing) || standing.phase === 'ending';
}

/** It runs, or is to run as soon as it may. */
export function wishesToRun({ phase }: Standing): boolean {
  return phase !== 'resting' && phase !== 'failed' && phase !== 'needs-auth';
}

/** A lazy one that is being stopped because nobody needed it. */
export function isFallingAsleep({ phase, next }: Standing): boolean {
  return (phase === 'ending' || phase === 'stuck') && next === 'idle';
}

/** What those who depend on it see of it. */
export function asDependency(standing: Standing): Dependency {
  const { phase, blockedBy } = standing;
  // One that runs is not kept from starting any more, one whose delay runs not yet.
  const isTrying = isLeft(standing) || phase === 'stuck' || phase === 'delaying';
  return { standing: prospectOf(standing), blockedBy: isTrying ? null : blockedBy };
}

function prospectOf({ phase, wanted, lazy, hasFinished }: Standing): Prospect {
  if (phase === 'connected') return 'connected';
  if (wanted === 'down') return 'stopped';
  if (phase === 'failed' || phase === 'needs-auth') return phase;
  return phase === 'resting' && (!lazy || hasFinished) ? 'finished' : 'coming';
}
