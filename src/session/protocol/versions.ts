/** Protocol versions that a server says it speaks, in the error with which it refuses ours. */

import { isRecord } from '../../json.ts';

/**
 * Null: the error is about something else. -32022 is the code of revision 2026-07-28, -32602 that of the earlier ones.
 */
export function supportedIn(error: unknown): readonly string[] | null {
  if (!isRecord(error) || (error.code !== -32022 && error.code !== -32602)) return null;
  const supported = isRecord(error.data) ? error.data.supported : null;
  return Array.isArray(supported)
    ? supported.filter((version) => typeof version === 'string').map((version) => version.slice(0, 32))
    : null;
}
