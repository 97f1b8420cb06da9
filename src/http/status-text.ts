/** The JSON of statuses: serializing hundreds of servers anew for each reader is most of what a list would cost. */

import type { ServerStatus } from '../supervisor/contract.ts';

export const jsonHeaders = { 'content-type': 'application/json' } as const;

/** The supervisor answers with one frozen object until a status is another: its text is made once. */
export function createStatusText(): (status: ServerStatus) => string {
  const texts = new WeakMap<ServerStatus, string>();
  return (status) => {
    const known = texts.get(status);
    if (known !== undefined) return known;
    const text = JSON.stringify(status);
    texts.set(status, text);
    return text;
  };
}
