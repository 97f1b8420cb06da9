/** The control plane as a process of its own, with a state directory, a port and a log. */

import { McpvisorError } from './errors.ts';
import { type Certificate, readTls, refuseOpenBind } from './http/admission/bind.ts';
import type { Token } from './http/admission/token.ts';
import { openListener } from './http/listener.ts';
import { createLifetime, type Lifetime } from './lifetime.ts';
import { createOwnAlarms } from './observe/alarms/own-alarms.ts';
import { fileTrouble, logTrouble, noticeShortage } from './observe/alarms/trouble.ts';
import { createFacts } from './observe/facts/facts.ts';
import type { LogTarget } from './observe/log/destination.ts';
import type { LogLevel } from './observe/log/level.ts';
import { createLog, type Log } from './observe/log/log.ts';
import { greet, reportTo, stderrTo } from './observe/log/own-words.ts';
import { createRedactor } from './observe/secrets/redact.ts';
import { createBudget, limitsOfHeap } from './session/budget.ts';
import { isAlive, startTimeOf } from './session/process/identity.ts';
import {
  type ControlPlaneAddress,
  controlPlaneFile,
  removeControlPlaneFile,
} from './state-directory/control-plane-file.ts';
import { readFurtherTokens } from './state-directory/further-tokens.ts';
import { openState, type State } from './state-directory/state.ts';
import { openUpkeep, type Upkeep } from './state-directory/upkeep.ts';
import type { Supervisor } from './supervisor/contract.ts';
import { type ConfigurationSource, openConfiguration } from './supervisor/desired/source.ts';
import type { Isolation } from './supervisor/options.ts';
import { openSupervisor } from './supervisor/supervisor.ts';
import { wordsOf } from './text/error-words.ts';

export interface DaemonOptions {
  /** Absolute path of the configuration; null: there are no servers. */
  readonly config: string | null;
  /** Absolute path of the state directory. It is created if it does not exist. */
  readonly stateDir: string;
  /** Whether it is known to be ours; if not, the tokens in it are replaced by fresh ones. */
  readonly isKnown: boolean;
  /** Address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Address of the store. */
  readonly store: string;
  readonly isolation: Isolation;
  readonly logLevel: LogLevel | 'silent';
  readonly logFormat: 'pretty' | 'json';
  /** Whether the log also has what servers write on stderr; a pretty log only if it is verbose. */
  readonly serverLogs: 'on' | 'off';
  /** Whether a pretty log has colours. */
  readonly colors: boolean;
  /** Whether to allow listening without encryption on an address that other machines can reach. */
  readonly insecureBind: boolean;
  /** Whether servers that come through the API run without being approved. */
  readonly trustApi: boolean;
  /** File with the API's bearer token; null: `token` in the state directory, created at the first start. */
  readonly tokenFile: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly pid: number;
  /** Where the log goes. */
  readonly stdout: LogTarget;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** When it aborts, every process group is killed before the abort returns. */
  readonly atOnce: AbortSignal;
}

export interface Daemon {
  readonly url: string;
  /** For the command line, which shows what happens. */
  readonly supervisor: Pick<Supervisor, 'status' | 'facts' | 'ready'>;
  /** Resolves when everything has ended: to why it could not go on, or to null. Never rejects. */
  readonly closed: Promise<Error | null>;
  /** Logs an error that nobody caught. */
  report(error: unknown): void;
  /** Ends every server and releases everything, in reverse order. May be called twice; does not throw. */
  close(): Promise<void>;
}

const noServers = { mcpServers: {} };

/**
 * Starts a control plane, which ends when `signal` aborts. Null: `signal` aborted before the start was complete, and
 * everything was released. Throws `STATE_DIRECTORY_UNUSABLE`, `ALREADY_RUNNING`, `CONFIG_UNREADABLE`, `CONFIG_INVALID`,
 * `PORT_UNAVAILABLE`, and `INVALID_REQUEST` for a token file without a token; nothing is left running then.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<Daemon | null> {
  const lifetime = createLifetime();
  let failure: Error | null = null;
  const onFailed = (error: unknown) => {
    failure ??= error instanceof Error ? error : new Error(wordsOf(error));
    void lifetime.close();
  };
  try {
    const { url, log, supervisor } = await open(options, lifetime, { signal, onFailed });
    signal.addEventListener('abort', () => void lifetime.close(), { once: true });
    const closed = lifetime.closed.then(() => failure);
    return { url, supervisor, closed, report: (error) => reportTo(log, error), close: lifetime.close };
  } catch (error) {
    await lifetime.close();
    if (signal.aborted && error === signal.reason) return null;
    throw error;
  }
}

interface Ends {
  readonly signal: AbortSignal;
  /** Called if it cannot go on. */
  readonly onFailed: (error: unknown) => void;
}

interface Opened {
  readonly url: string;
  readonly log: Log;
  readonly supervisor: Supervisor;
}

/** Throws the reason of `signal` once it has aborted. Everything acquired by then is in `lifetime`. */
async function open(options: DaemonOptions, lifetime: Lifetime, { signal, onFailed }: Ends): Promise<Opened> {
  const { config, stateDir, tokenFile, host, port, env, store, isolation, pid, now } = options;
  const startedAt = new Date(now()).toISOString();
  const { state, source, tokens, secrets, tls } = await read(options, lifetime, signal);
  const { http } = source.configuration.settings;

  const facts = createFacts({ now });
  const ownAlarms = createOwnAlarms({ publish: facts.publish, now });
  lifetime.add(() => ownAlarms.close());
  const redactor = createRedactor();
  redactor.addSecrets('tokens', secrets);
  const log = createLog({
    facts,
    redactor,
    destination: options.stdout,
    format: options.logFormat,
    colors: options.colors,
    level: options.logLevel,
    onTrouble: logTrouble(ownAlarms),
  });
  lifetime.add(() => log.close());
  const onError = (error: unknown) => {
    noticeShortage(ownAlarms, error);
    reportTo(log, error);
  };
  const { lock, files } = state;
  const onTrouble = fileTrouble(ownAlarms, stateDir);
  const upkeep = openUpkeep({ stateDir, lock, files, onTrouble });
  lifetime.add(() => upkeep.close());
  const logShutdown = () => log.write('info', {}, 'Ending every server; Ctrl-C again ends at once.');
  signal.addEventListener('abort', logShutdown, { once: true });

  const basePath = http.basePath.replace(/\/+$/, '');
  const probes = new Set([`${basePath}/healthz`, `${basePath}/readyz`]);
  const mayUseReserve = ({ url }: { readonly url?: string | undefined }) => probes.has(url ?? '');
  const { maxConnections, headersTimeoutMs } = http;
  const listener = await openListener({ host, port, onError, tls, maxConnections, headersTimeoutMs, mayUseReserve });
  lifetime.add(() => listener.close());
  signal.throwIfAborted();
  let isLeaving = false;
  const { supervisor, leave, killAllNow, measured } = await openSupervisor({
    source,
    env,
    stateDir,
    store,
    isolation,
    trustApi: options.trustApi,
    facts,
    redactor,
    ownAlarms,
    onError,
    onStderr: stderrTo(log, options),
    opensWhileHeld: true,
    onFailed(error) {
      log.write('error', {}, `Ending every server: ${wordsOf(error)}`);
      onFailed(error);
    },
    onShutdown: () => void lifetime.close(),
    onLeave() {
      isLeaving = true;
      log.write('info', {}, 'Leaving every server to the next control plane.');
      void lifetime.close();
    },
    signal,
  });
  lifetime.add(() => (isLeaving ? leave() : supervisor.close()));
  options.atOnce.addEventListener('abort', killAllNow, { once: true });
  signal.throwIfAborted();

  // The servers start while the API is loaded. Requests that arrive in the meantime wait.
  const [{ createHttpApp }, { createRequestHandler }, { createMetrics }] = await Promise.all([
    import('./http/app.ts'),
    import('./http/handler.ts'),
    import('./observe/metrics/metrics.ts'),
  ]);
  signal.throwIfAborted();
  const unread = createBudget(limitsOfHeap());
  const metrics = createMetrics(measured({ droppedLines: () => log.droppedLines, unread }));
  lifetime.add(() => metrics.close());
  const app = createHttpApp({
    supervisor,
    admission: {
      tokens,
      hosts: { boundHost: host, allowedHosts: http.allowedHosts, allowedOrigins: http.allowedOrigins },
    },
    basePath: http.basePath,
    maxBodyBytes: http.maxBodyBytes,
    requestsPerSecond: http.requestsPerSecond,
    metrics: () => metrics,
    unread,
    onError,
    now,
  });
  const url = `${listener.url}${basePath}`;
  lifetime.add(() => removeControlPlaneFile(stateDir));
  lifetime.add(() => upkeep.close());
  await keepAddress(upkeep, stateDir, {
    url,
    pid,
    startedAt,
    version: supervisor.status().version,
    // A pipe has no name by which others could read it.
    config: source.file?.isPipe === true ? null : config,
    tokenFile,
  });
  lifetime.add(() => listener.stopAccepting());
  signal.throwIfAborted();
  // Last, because one of the first requests may be the one to shut down.
  listener.serve(createRequestHandler(app, { onError, now, basePath }));
  greet(log, { url, config, stateDir, pid });
  return { url, log, supervisor };
}

/** Throws `STATE_DIRECTORY_UNUSABLE`: a control plane that nobody finds is of no use. */
async function keepAddress(upkeep: Upkeep, stateDir: string, address: ControlPlaneAddress): Promise<void> {
  try {
    await upkeep.keep(controlPlaneFile(address));
  } catch (cause) {
    const reason = wordsOf(cause);
    throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason }, { cause });
  }
}

interface Read {
  readonly state: State;
  readonly source: ConfigurationSource;
  readonly tokens: readonly Token[];
  /** Blanked wherever they would be written. */
  readonly secrets: readonly string[];
  readonly tls: Certificate | null;
}

/** Finds what is wrong with the state directory or the configuration before anything is started. */
async function read(options: DaemonOptions, lifetime: Lifetime, signal: AbortSignal): Promise<Read> {
  const { config, pid } = options;
  const state = await openState({ ...options, owner: { pid, startTime: startTimeOf(pid) }, isAlive });
  lifetime.add(() => state.lock.release());
  signal.throwIfAborted();
  const source = await openConfiguration({ config: config ?? noServers });
  const { settings, folder } = source.configuration;
  const tls = await readTls(settings.http.tls, folder);
  if (tls === null) refuseOpenBind(options);
  const further = await readFurtherTokens(settings.http.tokens, folder);
  signal.throwIfAborted();
  const own: readonly Token[] = [
    { name: 'token', value: state.token, scope: 'admin' },
    { name: 'mcp-token', value: state.mcpToken, scope: 'mcp' },
  ];
  return {
    state,
    source,
    tls,
    tokens: [...own, ...further],
    secrets: [...state.secrets, ...further.map(({ value }) => value)],
  };
}
