/** Reads the initial configuration: from a file, from an object of the host, or an empty one. */

import { dirname, resolve } from 'node:path';
import type { Configuration } from '../../config/configuration.ts';
import { loadConfig, parseEntries } from '../../config/parse.ts';
import type { ConfigurationInput } from '../../config/settings/input.ts';
import { McpvisorError } from '../../errors.ts';

export interface ConfigurationSource {
  readonly configuration: Configuration;
  /** Path and text, if it came from a file. */
  readonly file: { readonly path: string; readonly text: string } | null;
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
    return { configuration: required(parsed, path), file: { path, text } };
  }
  const folder = dirname(resolve('mcp.json'));
  return { configuration: required(parseEntries(config ?? {}, { folder, hostedTransports }), null), file: null };
}

function required({ config, problems }: ReturnType<typeof parseEntries>, file: string | null): Configuration {
  if (config === null) throw new McpvisorError('CONFIG_INVALID', { file, problems });
  return config;
}
