/** Which servers a command is meant for: names, groups, all. */

import { McpvisorError } from '../../errors.ts';
import type { ServerStatus } from '../../supervisor/contract.ts';

export type Candidate = Pick<ServerStatus, 'name' | 'group' | 'state'>;

export interface Targets {
  readonly words: readonly string[];
  readonly all: boolean;
}

const groupPrefix = 'group:';

/**
 * Each server once, in the order asked; groups and all in the order of the configuration. Throws `INVALID_REQUEST`,
 * `SERVER_NOT_FOUND`, and `ACTOR_NOT_FOUND` for a group without servers.
 */
export function serversOf({ words, all }: Targets, candidates: readonly Candidate[]): readonly string[] {
  if (all === words.length > 0) {
    const message = all ? '--all and names exclude each other' : 'which servers? none is named';
    throw new McpvisorError('INVALID_REQUEST', {
      problems: [{ path: '', message, hint: 'give names, group:NAME, or --all', severity: 'error' }],
    });
  }
  const known = candidates.map(({ name }) => name);
  if (all) return known;
  const named = words.flatMap((word): readonly string[] => {
    if (known.includes(word)) return [word];
    if (!word.startsWith(groupPrefix)) throw new McpvisorError('SERVER_NOT_FOUND', { server: word, known });
    const members = candidates.filter(({ group }) => group === word.slice(groupPrefix.length)).map(({ name }) => name);
    if (members.length === 0) {
      throw new McpvisorError('ACTOR_NOT_FOUND', {
        actor: word,
        known: [...new Set(candidates.map(({ group }) => `${groupPrefix}${group}`))],
      });
    }
    return members;
  });
  return [...new Set(named)];
}

/**
 * Whether somebody was named by name: what cannot take a command among many is passed over, but not when it was asked
 * for.
 */
export function areNamed({ words }: Targets): boolean {
  return words.some((word) => !word.startsWith(groupPrefix));
}
