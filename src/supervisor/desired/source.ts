/** Reads the initial configuration: from a file, from an object of the host, or an empty one. */

import { dirname, resolve } from 'node:path';
import type { Configuration } from '../../config/configuration.ts';
import { isGivenPipe } from '../../config/file/text-file.ts';
import { loadConfig, parseEntries } from '../../config/parse.ts';
import { warningAt } from '../../config/problems.ts';
import type { ConfigurationInput } from '../../config/settings/input.ts';
import { McpvisorError } from '../../errors.ts';

export interface ConfigurationSource {
  readonly configuration: Configuration;
  /** Path and text, if it came from a file. A pipe was read once and for all. */
  readonly file: { readonly path: string; readonly text: string; readonly isPipe: boolean } | null;
}

export interface SourceOptions {
  /** The path of an `mcp.json`, or an object with the same content. Default: no servers. */
  readonly config?: string | ConfigurationInput | null;
  /** The host's own transports; only their names are used here. Default: none. */
  readonly transports?: object;
}

/** Throws `CONFIG_INVALID` with every problem, and `CONFIG_UNREADABLE`. */
export async function openConfiguration({
  config = null,
  transports = {},
}: SourceOptions): Promise<ConfigurationSource> {
  const hostedTransports = Object.keys(transports);
  if (typeof config === 'string') {
    const path = resolve(config);
    const { text, ...parsed } = await loadConfig(path, { hostedTransports });
    const isPipe = isGivenPipe(path);
    const configuration = required(parsed, path);
    return {
      configuration: isPipe ? { ...configuration, warnings: [...configuration.warnings, readOnce] } : configuration,
      file: { path, text, isPipe },
    };
  }
  const folder = dirname(resolve('mcp.json'));
  return { configuration: required(parseEntries(config ?? {}, { folder, hostedTransports }), null), file: null };
}

const readOnce = warningAt([], 'is a pipe, which is read once: there will be no edits to apply', 'name a file instead');

function required({ config, problems }: ReturnType<typeof parseEntries>, file: string | null): Configuration {
  if (config === null) throw new McpvisorError('CONFIG_INVALID', { file, problems });
  return config;
}
