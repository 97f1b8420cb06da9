/** What a session is opened with: plain JSON, every `${…}` replaced, nothing left to be looked up where it is opened. */

import type { ServerSettings } from '../specification.ts';

export interface SessionRequest {
  readonly server: string;
  readonly specification: SessionSpecification;
  /** Number of this life of the server; only grows. */
  readonly generation: number;
  /** What is declared to the server at `initialize`, fixed for the session. */
  readonly capabilities: ClientCapabilities;
}

/** Declared only if somebody answers: an empty object means "can". */
export interface ClientCapabilities {
  readonly sampling?: Readonly<Record<string, unknown>>;
  readonly elicitation?: Readonly<Record<string, unknown>>;
  readonly roots?: Readonly<Record<string, unknown>>;
}

/** What calls go by. It may change while the session lives. */
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
   * Values to blank wherever this server's words are shown. A session shows nothing and tells everything as it came:
   * blanking is up to whoever hears it, who finds here what to blank.
   */
  readonly secrets: readonly string[];
}

export type SessionTarget = StdioTarget | RemoteTarget | HostedTarget;

/** A process of ours. */
export interface StdioTarget {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process: nothing is inherited. Its PATH is the one searched for the command. */
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
  /** `host`: the fetch that the embedding program brings; it cannot be sent, so it has to be there. */
  readonly fetch: 'own' | 'host';
  /** Name of an OAuth provider that the embedding program brings; it, too, has to be there. */
  readonly authProvider: string | null;
}

/** A transport that the embedding program brings, by its own word. It has to be there. */
export interface HostedTarget {
  readonly kind: 'hosted';
  readonly transport: string;
  /** The entry as it was written, for the host's factory. */
  readonly entry: Readonly<Record<string, unknown>>;
}
