/** How the two processes know each other, and a session again. */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isRecord } from '../../text/json.ts';
import type { SessionRequest } from '../request.ts';

/** It shows that the key is known, which only the owner of the state directory can read. */
export function proofOf(key: string, nonce: string): string {
  return createHmac('sha256', key).update(nonce).digest('hex');
}

export function isProof(said: unknown, key: string, nonce: string): boolean {
  if (typeof said !== 'string') return false;
  const [given, expected] = [Buffer.from(said), Buffer.from(proofOf(key, nonce))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Of everything a session was opened with that cannot be changed while it lives. */
export function hashOf({
  specification,
  capabilities,
}: Pick<SessionRequest, 'specification' | 'capabilities'>): string {
  const { limits: _, ...lasting } = specification;
  return createHash('sha256')
    .update(JSON.stringify(sorted({ lasting, capabilities })))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, item]) => [name, sorted(item)]);
}
