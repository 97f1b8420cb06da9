/** What an entry of the store must not hold. */

import { isPlainData } from '../../../config/editing/plain.ts';
import { readsBesideSecrets } from '../../../config/expand/reads.ts';
import { errorAt } from '../../../config/problems.ts';
import type { Problem } from '../../../errors.ts';
import type { Sources } from './sources.ts';

/** Of a server that lives in the store and is in force. */
export function storedProblems({ configuration, stored }: Sources, name: string): readonly Problem[] {
  if (!isPlainData(stored.sound.get(name))) {
    const hint = 'a store keeps what JSON can hold; add it to the host';
    return [errorAt(['mcpServers', name], 'holds what only this process has', hint)];
  }
  const specification = configuration.servers.get(name);
  return specification === undefined ? [] : readsBesideSecrets(specification);
}
