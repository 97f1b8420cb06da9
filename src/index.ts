/**
 * The library. A host program creates a supervisor, lists tools and calls them; mcpvisor takes care of servers that die
 * or hang.
 */

import { systemClock } from './clock.ts';
import { createHttpApp, type DocumentedSecurity, type Env, type HttpApp, type Identity } from './http/app.ts';
import type { Metrics } from './observe/metrics/metrics.ts';
import { createBudget, limitsOfHeap } from './session/budget.ts';
import type { Supervisor as BareSupervisor } from './supervisor/contract.ts';
import type { SupervisorOptions } from './supervisor/options.ts';
import { openSupervisor } from './supervisor/supervisor.ts';

export type { FailureClass } from '../machines/failure.ts';
export type { RestartKind } from '../machines/policy/policy.ts';
export type { Clock } from './clock.ts';
export type { Kept } from './config/editing/kept.ts';
export type {
  ConfigurationInput as Configuration,
  HostedEntry,
  ServerEntry,
  ServerPatch,
} from './config/settings/input.ts';
export { type ErrorCode, type ErrorDetails, isMcpvisorError, McpvisorError, type Problem } from './errors.ts';
export type { DocumentedSecurity, HttpApp, Identity, Scope } from './http/app.ts';
export { type ProblemDocument, toProblemDocument as toProblem } from './http/problem.ts';
export type * from './observe/facts/fact.ts';
export type { InspectedEvent, InspectedMessage, InspectedSnapshot } from './observe/facts/inspected-event.ts';
export type { JournalPage, JournalQuery } from './observe/facts/journal.ts';
export {
  type StatelyEvent,
  type StatelySnapshot,
  type StatelyValue,
  toStatelyEvent,
} from './observe/facts/stately-event.ts';
export type { LogFields, LogMethods } from './observe/log/lines.ts';
export type { LinesMissed, LogLine, LogStream } from './observe/server-logs/line.ts';
export type {
  ContentBlock,
  ListedItem,
  ListedTool,
  Progress,
  RequestOptions,
  ToolAnnotations,
} from './session/contract.ts';
export type { AuthProviders, FetchLike, HostedTransports, Transport } from './session/hosted/parts.ts';
export * from './supervisor/contract.ts';
export type { Answerer, Answers, ServerMessage } from './supervisor/host.ts';
export type { SupervisorOptions } from './supervisor/options.ts';
export { parseJsonText, toJsonText } from './text/json-text.ts';
export { version } from './version.ts';

export interface EmbeddedAppOptions<Environment extends Env = Env> {
  /**
   * Returns the name of the user whom the host's own login let in; it becomes the `by` of commands. With `{ name, scope }`
   * the user may do only what a token of that scope may. May throw Hono's `HTTPException`. Default: the name is always
   * `host`.
   */
  readonly identity?: Identity<Environment>;
  /**
   * Where clients find the API, for the document and the addresses of problems: `/mcpvisor`. Default: known from the
   * request; Express cuts the path off, so there it has to be said.
   */
  readonly basePath?: string;
  /** What the OpenAPI document says of how clients log in. Default: nothing. */
  readonly document?: DocumentedSecurity;
  /** Largest request body accepted, in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Called with every error that is a bug; the caller of the API does not see it. Default: they are dropped. */
  readonly onError?: (error: unknown) => void;
}

/** Everything a supervisor can do, and the control API as an app to mount. */
export interface Supervisor extends BareSupervisor {
  /**
   * The control API as a Hono app, for `app.route('/mcpvisor', supervisor.httpApp())`. It checks neither a token nor
   * the Host header: the host's own login decides who gets in, and its `identity` what each may do.
   */
  httpApp<Environment extends Env = Env>(options?: EmbeddedAppOptions<Environment>): HttpApp;
}

/**
 * Creates a supervisor and starts its servers. Resolves as soon as every enabled server is starting; `ready()` resolves
 * when they have settled. Installs no signal handlers and writes nothing to the terminal. The caller has to close it:
 * with `close()`, `await using` or `options.signal`. Throws `CONFIG_INVALID` (with every problem), `CONFIG_UNREADABLE`,
 * `NOT_AVAILABLE`, and `INTERNAL` if it cannot be found out whether a process of an earlier run is left.
 */
export async function createSupervisor(options: SupervisorOptions = {}): Promise<Supervisor> {
  // oxlint-disable-next-line no-restricted-properties -- the library's one default
  const { supervisor, measured, closing } = await openSupervisor({ ...options, env: options.env ?? process.env });
  const unread = createBudget(limitsOfHeap());
  const clock = options.clock ?? systemClock;
  const now = () => clock.now();
  let counting: Promise<Metrics> | null = null;
  const startCounting = async (): Promise<Metrics> => {
    const { createMetrics } = await import('./observe/metrics/metrics.ts');
    // The library has no log of its own that could drop lines.
    const metrics = createMetrics(measured({ droppedLines: () => 0, unread }));
    if (closing.aborted) metrics.close();
    else closing.addEventListener('abort', () => metrics.close(), { once: true });
    return metrics;
  };
  /** Counting costs nothing until the first app is mounted; all apps share the same figures. */
  const countOnce = (): Promise<Metrics> => {
    counting ??= startCounting();
    // The route that returns the figures reports the error.
    counting.catch(() => undefined);
    return counting;
  };
  return {
    ...supervisor,
    httpApp({ identity = () => 'host', onError = () => {}, basePath, document, ...limits } = {}) {
      void countOnce();
      return createHttpApp({
        supervisor,
        // Its context is that of the app in which the host mounts this: only the host knows its type.
        admission: { identity: identity as never },
        onError,
        now,
        timers: clock,
        metrics: countOnce,
        unread,
        ...(basePath !== undefined && { publicPath: basePath }),
        ...(document !== undefined && { security: document }),
        ...limits,
      });
    },
  };
}
