/** Work that is asked for in bursts, and done once for each. */

/** Returns a function that calls `act` after `ms` milliseconds; further calls until then add nothing. */
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
