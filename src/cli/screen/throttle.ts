/** For what comes in bursts. */

/** Calls `act` `ms` milliseconds after it is asked for, once for everybody who asks meanwhile. */
export function throttle(act: () => void, ms: number): () => void {
  let isComing = false;
  return () => {
    if (isComing) return;
    isComing = true;
    setTimeout(() => {
      isComing = false;
      act();
    }, ms);
  };
}
