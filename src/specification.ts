/**
 * Types of a server's specification: its entry, validated and with every default filled in, before `${…}` is replaced.
 * Times are in milliseconds, sizes in bytes. `src/config/settings.ts` has the defaults.
 */

import type { HeartbeatPolicy, RestartPolicy, StopPolicy } from '../machines/policy/policy.ts';

/** What becomes of processes that a server left outside its group: they are told, and ended unless `tell` says no. */
export type StrayPolicy = 'end' | 'tell';

/** How a server is ended, with what it left behind. */
export interface StopSettings extends StopPolicy {
  readonly strays: StrayPolicy;
}

/** Settings that every server has, whatever its transport. All are optional in `mcp.json`. */
export interface ServerSettings {
  readonly name: string;
  /** False: the entry is kept, but the server is not started. */
  readonly enabled: boolean;
  /** Whether readiness waits until it is connected. */
  readonly required: boolean;
  readonly group: string;
  /** Servers that must be connected before this one starts. */
  readonly dependsOn: readonly string[];
  /** Whether it is started by its first call instead of at boot. */
  readonly lazy: boolean;
  /** Time without calls after which a lazy server is stopped. */
  readonly idleStopMs: number;
  /** Limit for the first answer of a server whose processes are at work meanwhile, downloads included. */
  readonly installTimeoutMs: number;
  /** Limit for each step of a start; while initializing it begins again with each sign of work. */
  readonly startTimeoutMs: number;
  /** Limit for a call, its time in the queue included. Progress restarts it. */
  readonly callTimeoutMs: number;
  /** Limit for a call that progress does not restart. */
  readonly callMaxMs: number;
  /** Most calls that are sent and not yet answered. */
  readonly maxConcurrentCalls: number;
  /** Most calls that wait to be sent; more are refused. */
  readonly maxQueuedCalls: number;
  /** Longest message the server may send. */
  readonly maxMessageBytes: number;
  /** How much of the server's stderr is kept in memory. */
  readonly stderrTailBytes: number;
  readonly heartbeat: HeartbeatPolicy;
  readonly restart: RestartPolicy;
  readonly stop: StopSettings;
  /** Which tools are offered: globs with `*`; `exclude` wins. */
  readonly tools: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  /** Names of tools, shown in the catalog; mcpvisor does nothing else with them. */
  readonly autoApprove: readonly string[];
}

/** A server that runs as a child process and speaks over its stdin and stdout. */
export interface StdioSpecification extends ServerSettings {
  readonly transport: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly envFile: string | null;
  readonly cwd: string;
  readonly inheritEnv: 'none' | 'default' | 'all' | readonly string[];
}

/**
 * A server at a URL. `auto` tries Streamable HTTP first, and legacy SSE if the answer is 400, 404 or 405. If the path
 * ends in `/sse`, it tries SSE first.
 */
export interface RemoteSpecification extends ServerSettings {
  readonly transport: 'streamable-http' | 'sse' | 'auto';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly envFile: string | null;
  /** Name of an entry of the host's `authProviders`. */
  readonly authProvider: string | null;
  /** Address of a proxy, or `none`. Null: what the environment says. */
  readonly proxy: string | null;
  /** `ca`: a file of certificates (PEM) to trust instead of the system's. Null: the system's. */
  readonly tls: { readonly ca: string | null };
}

/** A server whose transport the host brings. `hosted` is the transport's name. */
export interface HostedSpecification extends ServerSettings {
  readonly transport: { readonly hosted: string };
  /** The entry as it was written, for the host's factory. */
  readonly entry: Readonly<Record<string, unknown>>;
}

export type ServerSpecification = StdioSpecification | RemoteSpecification | HostedSpecification;

/** A specification as it is used for a start, with every `${…}` replaced. It is never stored or logged. */
export interface ExpandedSpecification {
  readonly specification: ServerSpecification;
  /** Content of the file `tls.ca` of a remote server. */
  readonly ca: string | null;
  /** The proxy through which a remote server is reached. Null: none. */
  readonly proxy: ProxyChoice | null;
}

/** A proxy, and who says so. */
export interface ProxyChoice {
  /** With its scheme, and with credentials if it needs them. */
  readonly url: string;
  /** `HTTPS_PROXY`, `the setting "proxy"`. */
  readonly from: string;
}

/** A proxy in words, without its credentials. */
export function showProxy({ url, from }: ProxyChoice): string {
  const address = URL.canParse(url) ? new URL(url) : null;
  return `the proxy ${address === null ? '?' : `${address.protocol}//${address.host}`} (${from})`;
}
