/** What a session is opened with: plain JSON, with every `${…}` replaced and nothing left to look up. */

import type { ProxyChoice, ServerSettings } from '../specification.ts';

export interface SessionRequest {
  readonly server: string;
  readonly specification: SessionSpecification;
  /** Number of this session among those of the server; it only grows. */
  readonly generation: number;
  /** What we declare to the server at `initialize`; fixed for the session. */
  readonly capabilities: ClientCapabilities;
}

/** Declared only if the host answers such requests: an empty object means "supported". */
export interface ClientCapabilities {
  readonly sampling?: Readonly<Record<string, unknown>>;
  readonly elicitation?: Readonly<Record<string, unknown>>;
  readonly roots?: Readonly<Record<string, unknown>>;
}

/** The limits of calls. They may change during the session. */
export type CallLimits = Pick<ServerSettings, 'callTimeoutMs' | 'callMaxMs' | 'maxConcurrentCalls' | 'maxQueuedCalls'>;

export function callLimitsOf({ callTimeoutMs, callMaxMs, maxConcurrentCalls, maxQueuedCalls }: CallLimits): CallLimits {
  return { callTimeoutMs, callMaxMs, maxConcurrentCalls, maxQueuedCalls };
}

/** A server as it is started: never stored, never logged. */
export interface SessionSpecification
  extends Pick<ServerSettings, 'startTimeoutMs' | 'maxMessageBytes' | 'stderrTailBytes' | 'stop'> {
  readonly target: SessionTarget;
  readonly limits: CallLimits;
  /**
   * Values to blank wherever the server's text is shown. A session passes all text on unchanged: its receiver blanks
   * these.
   */
  readonly secrets: readonly string[];
}

export type SessionTarget = StdioTarget | RemoteTarget | HostedTarget;

/** Our own process. */
export interface StdioTarget {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process: nothing is inherited. The command is searched in its PATH. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A server behind a URL. */
export interface RemoteTarget {
  readonly kind: 'remote';
  readonly transport: 'streamable-http' | 'sse' | 'auto';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | null;
  /** The proxy to go through, and who says so. Null: none. */
  readonly proxy: ProxyChoice | null;
  /** `host`: the fetch of the embedding program. It cannot be sent to another process. */
  readonly fetch: 'own' | 'host';
  /** Name of an OAuth provider of the embedding program. It cannot be sent to another process either. */
  readonly authProvider: string | null;
}

/** A transport of the embedding program, by its name there. It cannot be sent to another process. */
export interface HostedTarget {
  readonly kind: 'hosted';
  readonly transport: string;
  /** The entry as it was written, for the host's factory. */
  readonly entry: Readonly<Record<string, unknown>>;
}
