/** Where the first configuration comes from: a file, an object of the host, or nowhere. */

import { dirname, resolve } from 'node:path';
import type { Configuration } from '../../config/configuration.ts';
import { loadConfig, parseEntries } from '../../config/parse.ts';
import { McpvisorError } from '../../errors.ts';
import type { SupervisorOptions } from '../options.ts';

export interface ConfigurationSource {
  readonly configuration: Configuration;
  /** Path and text, if it came from a file. */
  readonly file: { readonly path: string; readonly text: string } | null;
}

/** Throws `CONFIG_INVALID` with every problem, and `CONFIG_UNREADABLE`. */
export async function openConfiguration({
  config = null,
  transports = {},
}: Pick<SupervisorOptions, 'config' | 'transports'>): Promise<ConfigurationSource> {
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
