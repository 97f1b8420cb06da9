/** Memory of a control plane that has started: V8's heap for new objects is kept from growing while servers start. */

import { setFlagsFromString } from 'node:v8';

/** V8's own default. */
const usualFactor = 2;

/**
 * From now on that part of the heap stays as large as it is, until the result is called. Nearly everything made while
 * servers start is there to stay, which V8 takes for a reason to double it, again and again; what it has taken it does
 * not give back for long, 13 MB of it with 50 servers. Afterwards it may grow with the work there is. V8 reads this
 * factor whenever it decides to grow, on the Node versions we support; a limit of the size it reads only once, when a
 * process begins.
 */
export function holdYoungGeneration(): () => void {
  setFactor(1);
  return () => setFactor(usualFactor);
}

function setFactor(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}
