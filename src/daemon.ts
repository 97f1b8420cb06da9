/** Door 2: a control plane that runs by itself, with a state directory, a port and a log. */

import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import type { HttpSettings } from './config/configuration.ts';
import { McpvisorError, type Problem } from './errors.ts';
import type { Token } from './http/admission/token.ts';
import { openListener } from './http/listener.ts';
import { createFacts } from './observe/facts/facts.ts';
import type { LogTarget } from './observe/log/destination.ts';
import type { LogLevel } from './observe/log/level.ts';
import { createLog, type Log } from './observe/log/log.ts';
import { createRedactor } from './observe/secrets/redact.ts';
import { isAlive, startTimeOf } from './session/process/identity.ts';
import { removeControlPlaneFile, writeControlPlaneFile } from './state-directory/control-plane-file.ts';
import { readFurtherTokens } from './state-directory/further-tokens.ts';
import { openState } from './state-directory/state.ts';
import type { Supervisor } from './supervisor/contract.ts';
import { openConfiguration } from './supervisor/desired/source.ts';
import { openSupervisor } from './supervisor/supervisor.ts';

export interface DaemonOptions {
  /** Absolute path of the configuration; null: starts without servers. */
  readonly config: string | null;
  /** Absolute path; made if it is not there. */
  readonly stateDir: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly store: 'memory:';
  readonly isolation: 'in-process';
  readonly logLevel: LogLevel | 'silent';
  readonly logFormat: 'pretty' | 'json';
  /** Whether what servers write on stderr is written to the log too: in JSON, or in full detail. */
  readonly serverLogs: 'on' | 'off';
  /** Whether a pretty log has colours. */
  readonly colors: boolean;
  /** Whether an address that other machines can reach may be listened on without encryption. */
  readonly insecureBind: boolean;
  /** File with the API's bearer token; null: `token` in the state directory, made at the first start. */
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
  /** For those who look on. */
  readonly supervisor: Pick<Supervisor, 'status' | 'facts'>;
  /** Resolves when everything has ended. Never rejects. */
  readonly closed: Promise<void>;
  /** For errors that nobody caught: they are logged. */
  report(error: unknown): void;
  /** Ends every server and gives everything back, in reverse. May be called twice; does not throw. */
  close(): Promise<void>;
}

const noServers = { mcpServers: {} };

/**
 * Starts a control plane; it ends when `signal` aborts. Throws `STATE_DIRECTORY_UNUSABLE`, `ALREADY_RUNNING`,
 * `CONFIG_UNREADABLE`, `CONFIG_INVALID`, `PORT_UNAVAILABLE`, and `INVALID_REQUEST` for a token file without a token;
 * nothing is left running then.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<Daemon> {
  const lifetime = createLifetime();
  try {
    const { url, log, supervisor } = await open(options, lifetime);
    const end = () => {
      log.write('info', {}, 'Ending every server; Ctrl-C again ends at once.');
      void lifetime.close();
    };
    if (signal.aborted) {
      end();
    } else {
      signal.addEventListener('abort', end, { once: true });
    }
    return { url, supervisor, closed: lifetime.closed, report: (error) => reportTo(log, error), close: lifetime.close };
  } catch (error) {
    await lifetime.close();
    throw error;
  }
}

async function open(
  options: DaemonOptions,
  lifetime: Lifetime,
): Promise<{ readonly url: string; readonly log: Log; readonly supervisor: Supervisor }> {
  const { config, stateDir, host, port, env, store, isolation, pid, now } = options;
  const startedAt = new Date(now()).toISOString();
  const state = await openState({ ...options, owner: { pid, startTime: startTimeOf(pid) }, isAlive });
  lifetime.add(() => state.lock.release());
  // Read once more by the supervisor: what is wrong with it, or with the port, is known here before anything is
  // started.
  const { configuration } = await openConfiguration({ config: config ?? noServers });
  const { http } = configuration.settings;
  const tls = await readTls(http.tls, configuration.folder);
  if (tls === null) refuseOpenBind(options);
  const further = await readFurtherTokens(http.tokens, configuration.folder);

  const facts = createFacts({ now });
  const redactor = createRedactor();
  redactor.addSecrets('tokens', [...state.secrets, ...further.map(({ value }) => value)]);
  const log = createLog({
    facts,
    redactor,
    destination: options.stdout,
    format: options.logFormat,
    colors: options.colors,
    level: options.logLevel,
  });
  lifetime.add(() => log.close());
  const report = (error: unknown) => reportTo(log, error);

  const basePath = http.basePath.replace(/\/+$/, '');
  const probes = new Set([`${basePath}/healthz`, `${basePath}/readyz`]);
  const mayUseReserve = ({ url }: { readonly url?: string | undefined }) => probes.has(url ?? '');
  const { maxConnections, headersTimeoutMs } = http;
  const listener = await openListener({ host, port, report, tls, maxConnections, headersTimeoutMs, mayUseReserve });
  lifetime.add(() => listener.close());
  const { supervisor, killAllNow, measured } = await openSupervisor({
    config: config ?? noServers,
    env,
    stateDir,
    store,
    isolation,
    facts,
    redactor,
    onBug: report,
    onStderr: stderrTo(options, log),
    onShutdown: () => void lifetime.close(),
  });
  lifetime.add(() => supervisor.close());
  options.atOnce.addEventListener('abort', killAllNow, { once: true });

  // Servers start while the API is loaded; who asks meanwhile is answered then.
  const [{ createHttpApp }, { createRequestHandler }, { createMetrics }] = await Promise.all([
    import('./http/app.ts'),
    import('./http/handler.ts'),
    import('./observe/metrics/metrics.ts'),
  ]);
  const hosts = { boundHost: host, allowedHosts: http.allowedHosts, allowedOrigins: http.allowedOrigins };
  const metrics = createMetrics(measured(() => log.droppedLines));
  lifetime.add(() => metrics.close());
  const own: readonly Token[] = [
    { name: 'token', value: state.token, scope: 'admin' },
    { name: 'mcp-token', value: state.mcpToken, scope: 'mcp' },
  ];
  const app = createHttpApp({
    supervisor,
    admission: { tokens: [...own, ...further], hosts },
    basePath: http.basePath,
    maxBodyBytes: http.maxBodyBytes,
    requestsPerSecond: http.requestsPerSecond,
    metrics: () => metrics,
    report,
    now,
  });
  listener.serve(createRequestHandler(app, { report, now }));
  lifetime.add(() => removeControlPlaneFile(stateDir));
  const url = `${listener.url}${basePath}`;
  await writeControlPlaneFile(stateDir, { url, pid, startedAt, version: supervisor.status().version, config });
  lifetime.add(() => listener.stopAccepting());
  greet(log, options, url);
  return { url, log, supervisor };
}

/** Throws `INVALID_REQUEST` that names each file that cannot be read. */
async function readTls(
  files: HttpSettings['tls'],
  folder: string,
): Promise<{ readonly cert: string; readonly key: string } | null> {
  if (files === null) return null;
  const problems: Problem[] = [];
  const read = async (name: 'certFile' | 'keyFile') =>
    await readFile(resolve(folder, files[name]), 'utf8').catch(() => {
      problems.push({
        path: `mcpvisor.http.tls.${name}`,
        message: `${files[name]} cannot be read`,
        hint: null,
        severity: 'error',
      });
      return '';
    });
  const [cert, key] = await Promise.all([read('certFile'), read('keyFile')]);
  if (problems.length > 0) throw new McpvisorError('INVALID_REQUEST', { problems });
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    // OpenSSL's words name neither of the two files.
    const message = `no certificate with its key: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new McpvisorError(
      'INVALID_REQUEST',
      { problems: [{ path: 'mcpvisor.http.tls', message, hint: null, severity: 'error' }] },
      { cause },
    );
  }
  return { cert, key };
}

function refuseOpenBind({ host, insecureBind }: DaemonOptions): void {
  if (insecureBind || isLoopback(host)) return;
  const message = `${host} can be reached from other machines, and nothing is encrypted`;
  const hint = 'give http.tls.certFile and keyFile, or add --insecure-bind if that is meant';
  throw new McpvisorError('INVALID_REQUEST', { problems: [{ path: '--host', message, hint, severity: 'error' }] });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Programs that collect our lines want the servers' too; people ask for a server's when they need them. */
function stderrTo({ logFormat, serverLogs }: DaemonOptions, log: Log): (server: string, line: string) => void {
  if (serverLogs === 'off') return () => {};
  const level = logFormat === 'json' ? 'info' : 'debug';
  return (server, line) => log.write(level, { actor: `server:${server}`, stream: 'stderr' }, line);
}

function greet(log: Log, { config, stateDir, pid }: DaemonOptions, url: string): void {
  if (pid === 1) {
    log.write(
      'warn',
      {},
      'Running as process 1: orphans of servers are not waited for. Start the container with an init (docker run --init).',
    );
  }
  if (config === null) {
    log.write(
      'info',
      {},
      'There is no configuration file, so there are no servers. Write one and start again: {"mcpServers": {"NAME": {"command": "…", "args": ["…"]}}} in ./mcp.json',
    );
  }
  log.write(
    'info',
    { url, stateDir },
    `Listening on ${url} (token in ${join(stateDir, 'token')}). Ctrl-C stops everything.`,
  );
}

function reportTo(log: Log, error: unknown): void {
  log.write(
    'error',
    { error: inspect(error) },
    `A bug in mcpvisor: ${error instanceof Error ? error.message : String(error)}`,
  );
}

interface Lifetime {
  /** `close` runs when everything ends, before what was added earlier. It does not throw. */
  add(close: () => Promise<void> | void): void;
  readonly close: () => Promise<void>;
  readonly closed: Promise<void>;
}

function createLifetime(): Lifetime {
  const closers: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | null = null;
  let settle = () => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const closeAll = async () => {
    for (const close of closers.toReversed()) {
      await close();
    }
    settle();
  };
  return {
    add: (close) => void closers.push(close),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
    closed,
  };
}
