/** What a server is, after validation and defaults and before expansion: types only. */

import type { HeartbeatPolicy, RestartPolicy, StopPolicy } from '../machines/policy.ts';

/**
 * Settings every server has, whatever its transport. All are optional in `mcp.json`; here every default is filled in.
 */
export interface ServerSettings {
  readonly name: string;
  /** False keeps the entry without starting it. */
  readonly enabled: boolean;
  /** Readiness waits for it. */
  readonly required: boolean;
  readonly group: string;
  readonly dependsOn: readonly string[];
  readonly lazy: boolean;
  readonly idleStopMs: number;
  readonly installTimeoutMs: number;
  readonly startTimeoutMs: number;
  /** Time a call may take, time in the queue included, reset by progress. */
  readonly callTimeoutMs: number;
  /** Time a call may take at most, progress or not. */
  readonly callMaxMs: number;
  readonly maxConcurrentCalls: number;
  readonly maxQueuedCalls: number;
  readonly maxMessageBytes: number;
  readonly stderrTailBytes: number;
  readonly heartbeat: HeartbeatPolicy;
  readonly restart: RestartPolicy;
  readonly stop: StopPolicy;
  /** Globs with `*`; exclude wins. */
  readonly tools: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  /** Kept and shown on catalog entries; nothing here acts on it. */
  readonly autoApprove: readonly string[];
}

/** A server that runs as a process of ours and speaks over its stdin and stdout. */
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
 * A server somewhere else. `auto` tries Streamable HTTP first and legacy SSE on 400, 404 or 405 (a path ending in
 * `/sse`: SSE first).
 */
export interface RemoteSpecification extends ServerSettings {
  readonly transport: 'streamable-http' | 'sse' | 'auto';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly envFile: string | null;
  /** Name of an entry of the host's `authProviders`. */
  readonly authProvider: string | null;
  /** `ca`: file of certificates (PEM) to trust instead of the system's. */
  readonly tls: { readonly ca: string | null };
}

/** A server whose transport an embedding host brings. `transport` is the host's own word. */
export interface HostedSpecification extends ServerSettings {
  readonly transport: { readonly hosted: string };
  /** The entry as it was written, for the host's factory. */
  readonly entry: Readonly<Record<string, unknown>>;
}

export type ServerSpecification = StdioSpecification | RemoteSpecification | HostedSpecification;

/** A specification as it is started: every `${…}` replaced. Never stored, never logged. */
export interface ExpandedSpecification {
  readonly specification: ServerSpecification;
  /** What the file `tls.ca` of a remote server says. */
  readonly ca: string | null;
}
