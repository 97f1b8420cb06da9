/** The secrets that `mcpvisor secret set` kept, for starts of servers. */

import { warningAt } from '../config/problems.ts';
import type { Problem } from '../errors.ts';
import { readSecrets, secretsPath } from '../state-directory/secrets-file.ts';

/** What `${secret:NAME}` stands for where the configuration does not say; undefined: nothing. Does not throw. */
export type KeptSecret = (name: string) => string | undefined;

/**
 * The file is read at each call: a start has what was set a moment before. `onFlaw` receives what is wrong with it;
 * null: nothing.
 */
export function keptSecretsIn(
  stateDir: string | null,
  onFlaw: (path: string, flaw: string | null) => void,
): KeptSecret {
  if (stateDir === null) return () => undefined;
  return (name) => {
    const { value, flaw } = readSecrets(stateDir);
    onFlaw(secretsPath(stateDir), flaw);
    return value?.get(name);
  };
}

/** A warning for each secret of the configuration that is kept, too. */
export function overruledSecrets(named: ReadonlyMap<string, string>, keptSecret: KeptSecret): readonly Problem[] {
  return [...named.keys()]
    .filter((name) => keptSecret(name) !== undefined)
    .map((name) =>
      warningAt(
        ['mcpvisor', 'secrets', name],
        'was kept with "mcpvisor secret set", too; the configuration wins',
        `remove one of them: mcpvisor secret remove ${name}`,
      ),
    );
}
