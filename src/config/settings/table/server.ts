/**
 * The settings of a server. Most of them may also stand under `mcpvisor`, as a default for all servers; what concerns
 * mcpvisor itself is in `global.ts`.
 */

import type { SettingTable } from './setting.ts';

const server = { scope: 'server', unit: null } as const;
const plain = { scope: 'both', unit: null } as const;
const milliseconds = { scope: 'both', unit: 'milliseconds' } as const;
const count = { scope: 'both', unit: 'count' } as const;
const bytes = { scope: 'both', unit: 'bytes' } as const;

export const settingsOfServers = {
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
} as const satisfies SettingTable;
