/** Edits of the configuration file while no control plane runs, checked and written as a control plane does it. */

import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { entryOf } from '../../../../machines/table.ts';
import type { Configuration } from '../../../config/configuration.ts';
import { type FileEdit, writeBack } from '../../../config/editing/write-back.ts';
import { replaceConfigFile } from '../../../config/file/replace.ts';
import { loadConfig, parseConfig } from '../../../config/parse.ts';
import { type Plan, planOf } from '../../../config/plan/plan.ts';
import { errorAt } from '../../../config/problems.ts';
import { isMcpvisorError, McpvisorError, type Problem } from '../../../errors.ts';
import { isAlive, startTimeOf } from '../../../session/process/identity.ts';
import { takeLock } from '../../../state-directory/lock.ts';
import { configCandidates, findConfigFile } from '../../config-file.ts';
import { type ConnectionFlags, stateDirectoryOf } from '../../connection.ts';
import type { Invocation } from '../../invocation.ts';
import type { FileFlags } from './offline.ts';

type Flags = ConnectionFlags & FileFlags;

interface OpenFile {
  readonly path: string;
  /** Null: there is no file yet. */
  readonly text: string | null;
  readonly configuration: Configuration;
}

export interface Added {
  /** The file that was edited because no control plane runs; null: one runs, and this is its answer. */
  readonly file: string | null;
  /** Null: without a control plane there are none. */
  readonly version: number | null;
  readonly plan: Plan;
  readonly results: readonly {
    readonly name: string;
    readonly outcome: 'added' | 'refused';
    readonly problems: readonly Problem[];
  }[];
}

/** Adds those that are sound. Throws `CONFIG_INVALID` if none is, and `CONFIG_READ_ONLY`. */
export async function addToFile(
  servers: Readonly<Record<string, unknown>>,
  flags: Flags,
  invocation: Invocation,
): Promise<Added> {
  return await withFile(flags, invocation, async (open) => {
    const { configuration, path } = open;
    const refused = new Map<string, readonly Problem[]>();
    for (const name of Object.keys(servers))
      if (configuration.servers.has(name) || configuration.refused.has(name)) refused.set(name, [taken(name)]);
    for (;;) {
      const names = Object.keys(servers).filter((name) => !refused.has(name));
      if (names.length === 0)
        throw new McpvisorError('CONFIG_INVALID', { file: path, problems: [...refused.values()].flat() });
      const { text, next } = edited(
        open,
        names.map((server) => ({ server, after: entryOf(servers, server) as never })),
      );
      const unsound = names.filter((name) => !next.servers.has(name));
      for (const name of unsound) refused.set(name, next.refused.get(name) ?? [comment(name)]);
      if (unsound.length > 0) continue;
      await replaceConfigFile(path, { known: open.text, text });
      const results = Object.keys(servers).map((name) => {
        const problems = refused.get(name);
        return { name, outcome: problems === undefined ? 'added' : 'refused', problems: problems ?? [] } as const;
      });
      return { file: path, version: null, plan: planOf(configuration, next), results };
    }
  });
}

/** All or none. Throws `SERVER_NOT_FOUND`, `CONFIG_INVALID` if others depend on one, and `CONFIG_READ_ONLY`. */
export async function removeFromFile(
  names: readonly string[],
  flags: Flags,
  invocation: Invocation,
): Promise<{ readonly file: string; readonly plan: Plan }> {
  return await withFile(flags, invocation, async (open) => {
    const { configuration, path } = open;
    const known = [...configuration.servers.keys(), ...configuration.refused.keys()];
    for (const server of names)
      if (!known.includes(server)) throw new McpvisorError('SERVER_NOT_FOUND', { server, known: known.slice(0, 100) });
    const { text, next } = edited(
      open,
      names.map((server) => ({ server, after: null })),
    );
    const broken = [...next.refused].filter(([name]) => !configuration.refused.has(name));
    if (broken.length > 0)
      throw new McpvisorError('CONFIG_INVALID', { file: path, problems: broken.flatMap(([, problems]) => problems) });
    await replaceConfigFile(path, { known: open.text, text });
    return { file: path, plan: planOf(configuration, next) };
  });
}

function edited(
  { path, text }: OpenFile,
  edits: readonly FileEdit[],
): { readonly text: string; readonly next: Configuration } {
  const written = writeBack(text ?? '', edits);
  if (written.text === null) throw new McpvisorError('CONFIG_INVALID', { file: path, problems: written.problems });
  const { config, problems } = parseConfig(written.text, { folder: dirname(path), before: null });
  if (config === null) throw new McpvisorError('CONFIG_INVALID', { file: path, problems });
  return { text: written.text, next: config };
}

/** No control plane can start meanwhile with this state directory. */
async function withFile<Result>(
  flags: Flags,
  invocation: Invocation,
  edit: (open: OpenFile) => Promise<Result>,
): Promise<Result> {
  const stateDir = await stateDirectoryOf(flags, invocation);
  const { pid } = invocation;
  const isThere = await stat(stateDir).then(
    () => true,
    // Then no control plane has it, and none is waited for.
    () => false,
  );
  const lock = isThere ? await takeLock(stateDir, { pid, startTime: startTimeOf(pid) }, isAlive) : null;
  try {
    return await edit(await open(await fileOf(flags, invocation)));
  } finally {
    await lock?.release();
  }
}

/** The one that `up` would use, or would find once it is there. */
async function fileOf({ config }: FileFlags, invocation: Invocation): Promise<string> {
  const given = config ?? invocation.env.MCPVISOR_CONFIG ?? '';
  if (given !== '') return resolve(invocation.cwd, given);
  return (await findConfigFile(invocation)) ?? configCandidates(invocation)[0] ?? resolve(invocation.cwd, 'mcp.json');
}

/** Throws `CONFIG_UNREADABLE` and `CONFIG_INVALID`: what has a mistake as a whole is not written over. */
async function open(path: string): Promise<OpenFile> {
  const loaded = await loadConfig(path).catch((error: unknown) => {
    if (isMcpvisorError(error, 'CONFIG_UNREADABLE') && error.details.reason === null) return null;
    throw error;
  });
  const { config, problems } = loaded ?? parseConfig('{"mcpServers": {}}', { folder: dirname(path), before: null });
  if (config === null) throw new McpvisorError('CONFIG_INVALID', { file: path, problems });
  return { path, text: loaded?.text ?? null, configuration: config };
}

function taken(name: string): Problem {
  return errorAt(['mcpServers', name], 'is there already', 'remove it first, or give the new one another name');
}

function comment(name: string): Problem {
  return errorAt(['mcpServers', name], 'is the name of a comment', 'begin it with neither "_" nor "//"');
}
