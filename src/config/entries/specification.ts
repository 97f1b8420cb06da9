/** A sound entry as a specification, with every default filled in. */

import type {
  HostedSpecification,
  RemoteSpecification,
  ServerSettings,
  ServerSpecification,
  StdioSpecification,
} from '../../specification.ts';
import type { Entry, Globals } from '../settings/schema.ts';
import type { SharedSettings } from '../settings/server.ts';
import { settings } from '../settings/settings.ts';
import { resolveCommand, resolvePath } from './paths.ts';
import type { Transport } from './transport.ts';

export function commonSettings(name: string, entry: Entry, shared: SharedSettings): ServerSettings {
  return {
    name,
    enabled: entry.enabled ?? !(entry.disabled ?? settings.disabled.default),
    required: entry.required ?? settings.required.default,
    group: entry.group ?? settings.group.default,
    dependsOn: entry.dependsOn ?? settings.dependsOn.default,
    lazy: entry.lazy ?? settings.lazy.default,
    tools: {
      include: entry.tools?.include ?? settings['tools.include'].default,
      exclude: entry.tools?.exclude ?? settings['tools.exclude'].default,
    },
    autoApprove: entry.autoApprove ?? settings.autoApprove.default,
    ...shared,
  };
}

/** What a specification is made of beside the settings that all servers have. */
export interface Origin {
  readonly transport: Transport;
  /** As it is written: a host's factory may have keys of its own. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Absolute path of the folder that relative paths start from. */
  readonly folder: string;
  /** Defaults for all servers. */
  readonly globals: Globals;
}

export function toSpecification(
  common: ServerSettings,
  entry: Entry,
  { transport, written, folder, globals }: Origin,
): ServerSpecification {
  if (typeof transport === 'object') return { ...common, transport, entry: written } satisfies HostedSpecification;
  const envFile = entry.envFile === undefined ? null : resolvePath(folder, entry.envFile);
  if (transport === 'stdio') {
    return {
      ...common,
      transport,
      command: resolveCommand(folder, entry.command ?? ''),
      args: entry.args ?? settings.args.default,
      env: entry.env ?? settings.env.default,
      envFile,
      cwd: resolvePath(folder, entry.cwd ?? '.'),
      inheritEnv: entry.inheritEnv ?? globals.inheritEnv ?? settings.inheritEnv.default,
    } satisfies StdioSpecification;
  }
  return {
    ...common,
    transport,
    url: entry.url ?? '',
    headers: entry.headers ?? settings.headers.default,
    envFile,
    authProvider: entry.authProvider ?? null,
    proxy: entry.proxy ?? null,
    tls: { ca: entry.tls?.ca === undefined ? null : resolvePath(folder, entry.tls.ca) },
  } satisfies RemoteSpecification;
}
