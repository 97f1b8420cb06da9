/**
 * Door 1: embed. A host program creates a supervisor, asks for tools, calls them, and never thinks about dead or hung
 * servers again.
 */

import { createHttpApp, type HttpApp, type Identity } from './http/app.ts';
import type { Metrics } from './observe/metrics/metrics.ts';
import type { Supervisor as BareSupervisor } from './supervisor/contract.ts';
import type { SupervisorOptions } from './supervisor/options.ts';
import { openSupervisor } from './supervisor/supervisor.ts';

export { type ErrorCode, type ErrorDetails, isMcpvisorError, McpvisorError, type Problem } from './errors.ts';
export type * from './observe/facts/fact.ts';
export type { JournalPage, JournalQuery } from './observe/facts/journal.ts';
export type { LinesMissed, LogLine, LogStream } from './observe/server-logs/line.ts';
export type { ListedItem, ListedTool, Progress, RequestOptions } from './session/contract.ts';
export type { AuthProviders, FetchLike, HostedTransports, Transport } from './session/hosted/parts.ts';
export * from './supervisor/contract.ts';
export type { Answerer, Answers, ServerMessage } from './supervisor/host.ts';
export type { Clock, SupervisorOptions } from './supervisor/options.ts';
export { version } from './version.ts';

export interface EmbeddedAppOptions {
  /**
   * Whom a host's own login let in: the "who" of commands. Default: everybody is `host`. It may throw Hono's
   * `HTTPException`.
   */
  readonly identity?: Identity;
  /** The largest body taken, in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Told of every error that is a bug: its caller learns nothing of it. Default: nobody is. */
  readonly report?: (error: unknown) => void;
}

/** What a host program holds: everything a supervisor can do, and the control API as an app to mount. */
export interface Supervisor extends BareSupervisor {
  /**
   * The control API as a Hono app, for `app.route('/mcpvisor', supervisor.httpApp())`. It asks for no token and looks
   * at no Host: the host's own login decides who comes in, and whoever does may do everything.
   */
  httpApp(options?: EmbeddedAppOptions): HttpApp;
}

/**
 * Creates a supervisor and starts its servers. Resolves when every enabled server is on its way; `ready()` tells when
 * they have come to rest. Installs no signal handlers and writes nothing to the terminal. Whoever creates it closes
 * it: `close()`, `await using`, or `options.signal`. Throws `CONFIG_INVALID` (with every problem),
 * `CONFIG_UNREADABLE` and `NOT_AVAILABLE`.
 */
export async function createSupervisor(options: SupervisorOptions = {}): Promise<Supervisor> {
  // oxlint-disable-next-line no-restricted-properties -- the library's one default
  const { supervisor, measured, closing } = await openSupervisor({ ...options, env: options.env ?? process.env });
  const now = () => options.clock?.now() ?? Date.now();
  let counting: Promise<Metrics> | null = null;
  const startCounting = async (): Promise<Metrics> => {
    const { createMetrics } = await import('./observe/metrics/metrics.ts');
    // There is no log of our own that could drop lines.
    const metrics = createMetrics(measured(() => 0));
    if (closing.aborted) metrics.close();
    else closing.addEventListener('abort', () => metrics.close(), { once: true });
    return metrics;
  };
  /** Whoever mounts no app pays for no counting, and all apps have the same figures. */
  const countOnce = (): Promise<Metrics> => {
    counting ??= startCounting();
    // Whoever asks for the figures is told.
    counting.catch(() => undefined);
    return counting;
  };
  return {
    ...supervisor,
    httpApp({ identity = () => 'host', report = () => {}, ...limits } = {}) {
      void countOnce();
      return createHttpApp({ supervisor, admission: { identity }, report, now, metrics: countOnce, ...limits });
    },
  };
}
