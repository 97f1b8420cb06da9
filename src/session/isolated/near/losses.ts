/** How the loss of a client process is told: to the chart, and to the servers whose sessions it held. */

import { type Failure, failure, suspectedCode } from '../../../../machines/failure.ts';

export function lossOf(reason: string): Failure {
  return failure('clientLost', `The client process was lost: ${reason}.`, { phase: null });
}

/** It died again and again, and now while this server alone was in its start. */
export function blameOf(): Failure {
  const message = 'The client process was lost again and again while this server started.';
  return failure('clientLost', message, { phase: null, code: suspectedCode });
}

/** Something in its place is not ours. */
export function refusalOf(reason: string): Failure {
  return failure('misconfigured', `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
}
