/**
 * Every setting of `mcp.json`: where it may be written, its default, its unit, and its meaning. Documentation, schema
 * and defaults are generated from this table.
 */

/**
 * `server`: in an entry of `mcpServers`. `both`: there, and directly under `mcpvisor` as a default for all servers.
 * `global`: under `mcpvisor` only.
 */
export type SettingScope = 'server' | 'both' | 'global';

export type SettingUnit = 'milliseconds' | 'bytes' | 'count' | 'factor' | 'per second';

export interface Setting {
  /** Dotted path below the entry or below `mcpvisor`. `NAME` stands for any name, `[]` for any element. */
  readonly path: string;
  readonly scope: SettingScope;
  /** Null: none. */
  readonly default: unknown;
  readonly unit: SettingUnit | null;
  readonly meaning: string;
}

const server = { scope: 'server', unit: null } as const;
const plain = { scope: 'both', unit: null } as const;
const milliseconds = { scope: 'both', unit: 'milliseconds' } as const;
const count = { scope: 'both', unit: 'count' } as const;
const bytes = { scope: 'both', unit: 'bytes' } as const;
const globalPlain = { scope: 'global', unit: null } as const;
const globalMilliseconds = { scope: 'global', unit: 'milliseconds' } as const;
const globalCount = { scope: 'global', unit: 'count' } as const;

export const settings = {
  command: {
    ...server,
    default: null,
    meaning:
      'Program to run, without its arguments; no shell is used. With a slash it is resolved from the folder of this file.',
  },
  args: { ...server, default: [], meaning: 'Arguments of the program.' },
  env: {
    ...server,
    default: {},
    meaning: 'Environment variables of the program. Values are secrets: never shown, never logged.',
  },
  envFile: {
    ...server,
    default: null,
    meaning:
      'File of KEY=VALUE lines. `env` wins over it, and it wins over what is inherited. `${NAME}` looks into it first.',
  },
  cwd: { ...server, default: null, meaning: 'Working directory. Default: the folder of this file.' },
  inheritEnv: {
    ...plain,
    default: 'default',
    meaning:
      'What the program gets of our own environment: "none", "default" (HOME, PATH, LANG, proxies and the like), "all", or a list of names added to "default".',
  },
  url: { ...server, default: null, meaning: 'Address of a remote server, http or https.' },
  headers: {
    ...server,
    default: {},
    meaning: 'HTTP headers sent to a remote server. Values are secrets: never shown, never logged.',
  },
  'tls.ca': {
    ...server,
    default: null,
    meaning:
      "File of certificates (PEM) to trust at an https address instead of those of the system: that of the authority which signed the server's, or the server's own. A relative path starts from the folder of this file. Read at each start; a host that brings its own `fetch` sees to it itself.",
  },
  proxy: {
    ...server,
    default: null,
    meaning:
      'Proxy for a remote server, `http://`, `https://`, `socks4://` or `socks5://`, with credentials if it needs them; `"none"`: no proxy. Default: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` of our own environment, in either case, as curl reads them; a host that brings its own `fetch` sees to it itself.',
  },
  authProvider: { ...server, default: null, meaning: "Name of one of the embedding host's `authProviders`." },
  transport: {
    ...server,
    default: null,
    meaning:
      '"stdio", "http" (Streamable HTTP) or "sse" (legacy). Default: "stdio" with `command`; with `url` Streamable HTTP, then legacy SSE.',
  },
  type: { ...server, default: null, meaning: 'Another name of `transport`.' },
  transportType: { ...server, default: null, meaning: 'Another name of `transport`.' },
  enabled: { ...server, default: true, meaning: 'False keeps the entry without starting it.' },
  disabled: {
    ...server,
    default: false,
    meaning: 'True keeps the entry without starting it; the opposite of `enabled`.',
  },
  required: { ...server, default: false, meaning: 'Readiness waits until this server is connected.' },
  lazy: {
    ...server,
    default: false,
    meaning: 'Start with the first call, or when a server that depends on it does, instead of at boot.',
  },
  group: {
    ...server,
    default: 'default',
    meaning: 'Group of servers it belongs to; `groups.NAME` says who restarts with whom.',
  },
  dependsOn: {
    ...server,
    default: [],
    meaning: 'Servers that must be connected before this one starts; it stops before they do.',
  },
  'tools.include': { ...server, default: ['*'], meaning: 'Tools that are offered; `*` stands for any text.' },
  'tools.exclude': { ...server, default: [], meaning: 'Tools that are not offered; wins over `include`.' },
  autoApprove: { ...server, default: [], meaning: 'Kept and shown with the tools; nothing here acts on it.' },

  installTimeoutMs: {
    ...milliseconds,
    default: 120_000,
    meaning:
      'Time for the first answer of a server whose processes are at work meanwhile (they use CPU, read, write, receive over a connection, start processes, or print on stderr), downloads included. Doubled after each start that it cut, up to an hour, until the server has connected. Without a sign of work `startTimeoutMs` applies. Elsewhere than on Linux a living process counts as at work.',
  },
  startTimeoutMs: {
    ...milliseconds,
    default: 30_000,
    meaning:
      'Time for each step of a start: spawning, initializing (from the last sign of work, see `installTimeoutMs`), listing.',
  },
  idleStopMs: {
    ...milliseconds,
    default: 300_000,
    meaning: 'Time without calls after which a lazy server is stopped, up to a second later. At least 1 000.',
  },
  callTimeoutMs: {
    ...milliseconds,
    default: 60_000,
    meaning:
      'Time a call may take, its time in the queue included; progress restarts it. As long as a call has time left, a silent server is not taken for hung: with more than the heartbeat takes to find a hang (about 35 s), one that hangs while it is called is found only when that time is over.',
  },
  callMaxMs: { ...milliseconds, default: 600_000, meaning: 'Time a call may take at most, progress or not.' },
  maxConcurrentCalls: { ...count, default: 64, meaning: 'Calls sent and not yet answered, at most.' },
  maxQueuedCalls: { ...count, default: 1_024, meaning: 'Calls waiting, at most; more are refused at once.' },
  maxMessageBytes: { ...bytes, default: 67_108_864, meaning: 'Longest message a server may send.' },
  stderrTailBytes: { ...bytes, default: 65_536, meaning: 'How much of what a server writes on stderr is remembered.' },

  'heartbeat.intervalMs': {
    ...milliseconds,
    default: 15_000,
    meaning: 'Silence after which a session is probed; remote servers: 60 000. 0, or `"heartbeat": false`: never.',
  },
  'heartbeat.timeoutMs': { ...milliseconds, default: 5_000, meaning: 'Time a probe may take.' },
  'heartbeat.misses': {
    ...count,
    default: 3,
    meaning: 'Missed probes in a row before the last one, after which the server counts as hung.',
  },
  'heartbeat.busyMisses': {
    ...count,
    default: null,
    meaning:
      'The same while calls are in flight or the server uses CPU; as long as a call in flight has time left, silence never ends its server. Default: twice `misses`.',
  },

  'restart.kind': {
    ...plain,
    default: 'permanent',
    meaning: '"permanent": always restarted; "transient": unless it ended with exit code 0; "temporary": never.',
  },
  'restart.firstDelayMs': {
    ...milliseconds,
    default: 0,
    meaning: 'Delay before the restart of a server that had been stable.',
  },
  'restart.baseMs': {
    ...milliseconds,
    default: 500,
    meaning: 'Longest delay before the first retry; the shortest is half of it.',
  },
  'restart.factor': {
    scope: 'both',
    unit: 'factor',
    default: 2,
    meaning: 'Growth of that delay with each failure in a row.',
  },
  'restart.capMs': { ...milliseconds, default: 30_000, meaning: 'No delay is longer.' },
  'restart.maxConsecutive': {
    ...count,
    default: 8,
    meaning: 'Failures in a row, without stability in between, that lead to `failed`. 0: no limit.',
  },
  'restart.intensity': { ...count, default: 10, meaning: 'Automatic starts allowed within `periodMs`. 0: no limit.' },
  'restart.periodMs': { ...milliseconds, default: 300_000, meaning: 'Length of the window of `intensity`.' },
  'restart.stableAfterMs': {
    ...milliseconds,
    default: 60_000,
    meaning: 'Time a server must stay connected before its failures are forgiven.',
  },
  'restart.flappingPerHour': {
    ...count,
    default: 30,
    meaning: 'Failures within an hour that raise the alarm `flapping`. 0: never.',
  },
  'restart.permanentExitCodes': {
    ...plain,
    default: [78, 126, 127],
    meaning: 'Exit codes that lead straight to `failed`.',
  },

  'stop.closeMs': { ...milliseconds, default: 2_000, meaning: 'From the end of stdin to SIGTERM.' },
  'stop.terminateMs': { ...milliseconds, default: 3_000, meaning: 'From SIGTERM to SIGKILL.' },
  'stop.killMs': { ...milliseconds, default: 2_000, meaning: 'From SIGKILL to the alarm `stuck`.' },
  'stop.strays': {
    ...plain,
    default: 'end',
    meaning:
      'What becomes of processes that the server started and left behind when its process group is gone (Linux): "end" tells and ends them, with the same stop times; "tell" only tells, with the alarm `strays`. A change counts from the next start of the server.',
  },

  strict: {
    ...globalPlain,
    default: false,
    meaning:
      'True: one mistake refuses the whole file. False: it refuses its own entry, and a server that ran before goes on with the entry it had.',
  },
  shutdownMs: {
    ...globalMilliseconds,
    default: 25_000,
    meaning: 'Time an orderly end may take; then every process group gets SIGKILL.',
  },
  'groups.NAME.strategy': {
    ...globalPlain,
    default: 'one-for-one',
    meaning:
      'Who restarts with a server that failed: "one-for-one" nobody, "rest-for-one" those after it (what it depends on comes before it), "one-for-all" the whole group.',
  },
  'groups.NAME.intensity': {
    ...globalCount,
    default: 10,
    meaning:
      'Rounds of restarts allowed within `periodMs`; after that the group is one-for-one for a while. 0: no limit.',
  },
  'groups.NAME.periodMs': { ...globalMilliseconds, default: 300_000, meaning: 'Length of the window of `intensity`.' },
  'secrets.NAME': {
    ...globalPlain,
    default: null,
    meaning: 'What `${secret:NAME}` stands for, usually `${file:…}` or `${env:…}`.',
  },
  approved: {
    ...globalPlain,
    default: [],
    meaning: 'Hashes of specifications that may run although they came through the API.',
  },

  'clientProcess.watchdogMs': {
    ...globalMilliseconds,
    default: 10_000,
    meaning: 'Silence after which the client process counts as hung; it speaks twice as often. 0: never.',
  },
  'clientProcess.orphanGraceMs': {
    ...globalMilliseconds,
    default: 30_000,
    meaning: 'How long the client process keeps its sessions without a control plane.',
  },
  'clientProcess.baseMs': {
    ...globalMilliseconds,
    default: 250,
    meaning: 'Longest delay before the client process is started again for the first time.',
  },
  'clientProcess.factor': {
    scope: 'global',
    unit: 'factor',
    default: 2,
    meaning: 'Growth of that delay with each failure in a row.',
  },
  'clientProcess.capMs': { ...globalMilliseconds, default: 10_000, meaning: 'No delay is longer.' },
  'clientProcess.maxConsecutive': {
    ...globalCount,
    default: 5,
    meaning: 'Failures in a row after which it is not started again. 0: no limit.',
  },
  'clientProcess.stableAfterMs': {
    ...globalMilliseconds,
    default: 60_000,
    meaning: 'Time it must live before its failures are forgiven.',
  },

  'http.allowedHosts': {
    ...globalPlain,
    default: [],
    meaning: 'Values of the Host header that are answered beside those of the loopback address.',
  },
  'http.allowedOrigins': { ...globalPlain, default: [], meaning: 'Origins whose pages may use the API.' },
  'http.basePath': { ...globalPlain, default: '/', meaning: 'Path under which everything is served.' },
  'http.trustedProxies': {
    ...globalPlain,
    default: [],
    meaning: 'Addresses of proxies whose Forwarded headers are believed.',
  },
  'http.tls.certFile': { ...globalPlain, default: null, meaning: 'Certificate chain, PEM.' },
  'http.tls.keyFile': { ...globalPlain, default: null, meaning: 'Private key of the certificate, PEM.' },
  'http.tokens[].name': {
    ...globalPlain,
    default: null,
    meaning: 'Name of a further token; the "who" of the history.',
  },
  'http.tokens[].scope': {
    ...globalPlain,
    default: null,
    meaning: 'What the token allows: "mcp", "read", "operate" or "admin".',
  },
  'http.tokens[].file': { ...globalPlain, default: null, meaning: 'File that holds the token.' },
  'http.maxBodyBytes': { scope: 'global', unit: 'bytes', default: 4_194_304, meaning: 'Longest request body.' },
  'http.maxConnections': { ...globalCount, default: 4_096, meaning: 'Open connections, at most.' },
  'http.headersTimeoutMs': {
    ...globalMilliseconds,
    default: 10_000,
    meaning: 'Time a client may take to send its headers.',
  },
  'http.requestsPerSecond': {
    scope: 'global',
    unit: 'per second',
    default: null,
    meaning: 'Requests a client may make. Default: no limit.',
  },

  compat: { ...globalPlain, default: false, meaning: 'Serve the routes of the reference system under /api/mcp.' },
  'profiles.NAME.servers': {
    ...globalPlain,
    default: [],
    meaning: 'Servers of a subset served under /mcp/profiles/NAME; `*` stands for any text.',
  },
  'profiles.NAME.tools.include': { ...globalPlain, default: ['*'], meaning: 'Tools the subset offers.' },
  'profiles.NAME.tools.exclude': {
    ...globalPlain,
    default: [],
    meaning: 'Tools the subset does not offer; wins over `include`.',
  },
  'profiles.NAME.exposure': {
    ...globalPlain,
    default: 'all',
    meaning: '"all" lists every tool; "search" offers three tools that find, describe and call the others.',
  },
  'gateway.firstListMs': {
    ...globalMilliseconds,
    default: 8_000,
    meaning: "How long a client's first list waits for servers that are starting.",
  },
  'gateway.exposure': {
    ...globalPlain,
    default: 'all',
    meaning: '"all" lists every tool; "search" offers three tools that find, describe and call the others.',
  },
  'journal.calls': { ...globalPlain, default: false, meaning: 'Whether calls are kept in the journal too.' },
} as const satisfies Record<string, Omit<Setting, 'path'>>;

export type SettingPath = keyof typeof settings;

/** The default heartbeat interval of remote servers, which may be asleep, in milliseconds. */
export const remoteHeartbeatIntervalMs = 60_000;

/** All settings, in a good order to read them. */
export const defaultsTable: readonly Setting[] = Object.entries(settings).map(([path, setting]) => ({
  path,
  ...setting,
}));

/** Settings that are checked and kept, but that nothing acts on yet; a path covers everything below it. */
export const notActedOn: readonly string[] = [
  'approved',
  'compat',
  'gateway',
  'journal',
  'profiles',
  'http.trustedProxies',
];
