/** Turns one entry of `mcpServers` into a server's specification. */

import type { Problem } from '../../errors.ts';
import type { ServerSpecification } from '../../specification.ts';
import { isRecord } from '../../text/json.ts';
import { check, problemsElsewhere } from '../check.ts';
import type { ParseOptions } from '../configuration.ts';
import { isMapOfEntries } from '../foreign/misplaced.ts';
import { translated } from '../foreign/words.ts';
import { errorAt, hasErrors } from '../problems.ts';
import { entrySchema, type Globals } from '../settings/schema.ts';
import { contradictionsOf, sharedSettingsOf } from '../settings/server.ts';
import { entryProblems } from './checks.ts';
import { nameMistake } from './names.ts';
import { commonSettings, toSpecification } from './specification.ts';
import { isHostedWord, transportOf } from './transport.ts';

export interface EntryOptions extends ParseOptions {
  /** Defaults for all servers, as written under `mcpvisor`. Default: none. */
  readonly globals?: Globals;
}

/** `specification` is null if and only if a problem is an error. The names of other servers are not checked here. */
export interface ParsedEntry {
  readonly specification: ServerSpecification | null;
  readonly problems: readonly Problem[];
}

/** Checks one entry on its own and fills in every default. */
export function parseEntry(name: string, written: unknown, options: EntryOptions): ParsedEntry {
  const path = ['mcpServers', name];
  const mistake = nameMistake(name);
  const misnamed = mistake === null ? [] : [errorAt(path, mistake.message, mistake.hint)];
  if (!isRecord(written))
    return { specification: null, problems: [...misnamed, errorAt(path, 'must be an object: {…}', hintFor(written))] };
  const { folder } = options;
  const globals = options.globals ?? {};
  const hosted = options.hostedTransports ?? [];
  const isHostedEntry = isHostedWord(written, hosted);
  if (!isHostedEntry && isMapOfEntries(written)) {
    const problem = errorAt(path, 'is a map of servers inside the map of servers', 'move its entries up one level');
    return { specification: null, problems: [...misnamed, problem] };
  }
  // The keys of a hosted entry are the host's.
  const { entry, problems: foreign } = isHostedEntry ? { entry: written, problems: [] } : translated(written, path);
  const { transport, problems: unclear } = transportOf(entry, path, hosted);
  const isHosted = typeof transport === 'object' && transport !== null;
  const { data, sound, problems: found } = check(entrySchema, entry, path);
  // The host's factory may have keys of its own.
  const problems = [
    ...misnamed,
    ...foreign,
    ...unclear,
    ...(isHosted ? found.filter(({ severity }) => severity === 'error') : found),
  ];
  if (sound === null) return { specification: null, problems };
  const shared = sharedSettingsOf(
    sound,
    globals,
    transport === 'auto' || transport === 'streamable-http' || transport === 'sse',
  );
  const all = [
    ...problems,
    ...problemsElsewhere(problems, [
      ...contradictionsOf(sound, shared, path),
      ...entryProblems(sound, transport, path),
    ]),
  ];
  if (data === null || transport === null || hasErrors(all)) return { specification: null, problems: all };
  const common = commonSettings(name, data, shared);
  return {
    specification: toSpecification(common, data, { transport, written: entry, folder, globals }),
    problems: all,
  };
}

function hintFor(written: unknown): string | null {
  if (Array.isArray(written) || typeof written === 'string')
    return 'write {"command": "…", "args": ["…"]} for a program, {"url": "…"} for a remote server';
  return null;
}
