/** The protocol versions that a server names in the error with which it refuses ours. */

import { isRecord } from '../../text/json.ts';

/** Null: the error is about something else. Revision 2026-07-28 has the code -32022, earlier ones -32602. */
export function supportedIn(error: unknown): readonly string[] | null {
  if (!isRecord(error) || (error.code !== -32022 && error.code !== -32602)) return null;
  const supported = isRecord(error.data) ? error.data.supported : null;
  return Array.isArray(supported)
    ? supported.filter((version) => typeof version === 'string').map((version) => version.slice(0, 32))
    : null;
}
