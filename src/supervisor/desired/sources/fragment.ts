/** A pasted fragment: each of its servers is added or refused for itself. */

import { fragmentOf } from '../../../config/foreign/fragment.ts';
import { errorAt, isWithin } from '../../../config/problems.ts';
import { isMcpvisorError, McpvisorError, type Problem } from '../../../errors.ts';
import { isRecord } from '../../../text/json.ts';
import type { AddedOne } from '../../contract/configuration.ts';
import { withAdded } from './edits.ts';
import type { SourceName, Sources } from './sources.ts';

export interface FragmentAdded {
  readonly sources: Sources;
  readonly results: readonly AddedOne[];
}

/** Throws `CONFIG_INVALID` for a fragment without servers. */
export function withFragment(before: Sources, given: unknown, to: SourceName): FragmentAdded {
  const { servers, problems } = fragmentOf(given);
  if (servers.size === 0) throw new McpvisorError('CONFIG_INVALID', { file: null, problems });
  let sources = before;
  let waiting = [...servers];
  const refused = new Map<string, readonly Problem[]>();
  // They may depend on each other: what was refused is tried again as long as others come in.
  for (let size = -1; size !== waiting.length; ) {
    size = waiting.length;
    waiting = waiting.filter(([name, entry]) => {
      const added = tried(sources, name, { entry, to });
      if ('sources' in added) sources = added.sources;
      else refused.set(name, added.problems);
      return !('sources' in added);
    });
  }
  const left = new Set(waiting.map(([name]) => name));
  const results = [...servers.keys()].map((name): AddedOne => {
    if (left.has(name)) return { name, outcome: 'refused', problems: refused.get(name) ?? [] };
    return { name, outcome: 'added', problems: sources.configuration.warnings.filter((one) => isWithin(one, name)) };
  });
  return { sources, results };
}

function tried(
  sources: Sources,
  name: string,
  { entry, to }: { readonly entry: unknown; readonly to: SourceName },
): { readonly sources: Sources } | { readonly problems: readonly Problem[] } {
  if (!isRecord(entry)) return { problems: [errorAt(['mcpServers', name], 'must be an object: {…}', null)] };
  try {
    return { sources: withAdded(sources, name, { entry, to }) };
  } catch (error) {
    if (isMcpvisorError(error, 'CONFIG_INVALID')) return { problems: error.details.problems };
    throw error;
  }
}
