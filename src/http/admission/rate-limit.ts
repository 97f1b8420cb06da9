/** How many requests a caller may make: a token bucket for each, which holds a second's worth. */

import { McpvisorError } from '../../errors.ts';

/** Throws `RATE_LIMITED` when the bucket is empty. */
export type RateLimit = (who: string) => void;

export function createRateLimit(requestsPerSecond: number | null, now: () => number): RateLimit {
  if (requestsPerSecond === null) return () => {};
  const buckets = new Map<string, { left: number; at: number }>();
  return (who) => {
    const at = now();
    const bucket = buckets.get(who) ?? { left: requestsPerSecond, at };
    const left = Math.min(requestsPerSecond, bucket.left + (Math.max(0, at - bucket.at) * requestsPerSecond) / 1_000);
    buckets.set(who, { left: Math.max(0, left - 1), at });
    if (left < 1)
      throw new McpvisorError('RATE_LIMITED', { retryAfterMs: Math.ceil(((1 - left) * 1_000) / requestsPerSecond) });
  };
}
