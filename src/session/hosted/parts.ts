/** What an embedding host may provide for sessions: its own transports, fetch, and OAuth providers. */

import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import type { FetchLike, Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/**
 * By the name that `transport` has in a specification. `entry` is the specification as it was written; `signal` aborts
 * when the session ends first.
 */
export type HostedTransports = Readonly<
  Record<string, (entry: Readonly<Record<string, unknown>>, signal: AbortSignal) => Transport | Promise<Transport>>
>;

/** By the name that `authProvider` has in a specification. */
export type AuthProviders = Readonly<Record<string, OAuthClientProvider>>;

export type { FetchLike, Transport };

/** What cannot be sent to another process: a specification only names it. */
export interface HostParts {
  readonly transports?: HostedTransports | undefined;
  /** Replaces the fetch of remote servers. */
  readonly fetch?: FetchLike | undefined;
  readonly authProviders?: AuthProviders | undefined;
}
