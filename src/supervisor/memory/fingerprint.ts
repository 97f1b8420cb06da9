/** By which a specification is known again in a later run, without telling anything of it or of its secrets. */

import { randomBytes } from 'node:crypto';
import { hashOf } from '../../config/plan/plan.ts';
import type { ServerSpecification } from '../../specification.ts';

export interface Fingerprints {
  readonly of: (specification: ServerSpecification) => string;
  /** Whether a text that was kept is that of this specification. */
  readonly match: (specification: ServerSpecification, kept: unknown) => boolean;
}

/** The key of the hash goes with it: it is another one in each run, so that no table of hashes is of use. */
const keyBytes = 16;
const form = /^([0-9a-f]{32}) (.+)$/;

/** `secrets`: what `mcpvisor.secrets` of the configuration in force says. */
export function createFingerprints(secrets: () => ReadonlyMap<string, string>): Fingerprints {
  const ownKey = randomBytes(keyBytes).toString('hex');
  const known = new WeakMap<ServerSpecification, string>();
  return {
    of(specification) {
      const text = known.get(specification) ?? `${ownKey} ${hashOf(specification, secrets(), ownKey)}`;
      known.set(specification, text);
      return text;
    },
    match(specification, kept) {
      const [, key, hash] = (typeof kept === 'string' ? form.exec(kept) : null) ?? [];
      return key !== undefined && hash === hashOf(specification, secrets(), key);
    },
  };
}
