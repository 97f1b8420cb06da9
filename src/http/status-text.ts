/** The JSON of statuses, cached: serializing hundreds of servers for each reader is most of the cost of a list. */

import type { ServerStatus } from '../supervisor/contract.ts';

export interface StatusText {
  one(status: ServerStatus): string;
  /** The document of `GET /api/servers`. */
  list(statuses: readonly ServerStatus[]): string;
}

export const jsonHeaders = { 'content-type': 'application/json' } as const;

/**
 * The supervisor returns the same frozen object until a status changes: its text is made once, and that of a list as
 * long as none of them changes.
 */
export function createStatusText(): StatusText {
  const texts = new WeakMap<ServerStatus, string>();
  let listed: { readonly statuses: readonly ServerStatus[]; readonly text: string } = {
    statuses: [],
    text: '{"servers":[]}',
  };

  function one(status: ServerStatus): string {
    const known = texts.get(status);
    if (known !== undefined) return known;
    const text = JSON.stringify(status);
    texts.set(status, text);
    return text;
  }

  return {
    one,
    list(statuses) {
      const isSame =
        statuses.length === listed.statuses.length &&
        statuses.every((status, index) => status === listed.statuses[index]);
      if (!isSame) listed = { statuses, text: `{"servers":[${statuses.map(one).join(',')}]}` };
      return listed.text;
    },
  };
}
