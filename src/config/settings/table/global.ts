/**
 * The settings of mcpvisor itself, for which no entry can have a value of its own: its end, groups, secrets, the client
 * process, the control API and the gateway.
 */

import type { SettingTable } from './setting.ts';

const plain = { scope: 'global', unit: null } as const;
const milliseconds = { scope: 'global', unit: 'milliseconds' } as const;
const count = { scope: 'global', unit: 'count' } as const;

export const settingsOfMcpvisor = {
  strict: {
    ...plain,
    default: false,
    meaning:
      'True: one mistake refuses the whole file. False: it refuses its own entry, and a server that ran before goes on with the entry it had.',
  },
  shutdownMs: {
    ...milliseconds,
    default: 25_000,
    meaning: 'Time an orderly end may take; then every process group gets SIGKILL.',
  },
  'groups.NAME.strategy': {
    ...plain,
    default: 'one-for-one',
    meaning:
      'Who restarts with a server that failed: "one-for-one" nobody, "rest-for-one" those after it (what it depends on comes before it), "one-for-all" the whole group.',
  },
  'groups.NAME.intensity': {
    ...count,
    default: 10,
    meaning:
      'Rounds of restarts allowed within `periodMs`; after that the group is one-for-one for a while. 0: no limit.',
  },
  'groups.NAME.periodMs': { ...milliseconds, default: 300_000, meaning: 'Length of the window of `intensity`.' },
  'secrets.NAME': {
    ...plain,
    default: null,
    meaning: 'What `${secret:NAME}` stands for, usually `${file:…}` or `${env:…}`.',
  },
  approved: {
    ...plain,
    default: [],
    meaning: 'Hashes of specifications that may run although they came through the API.',
  },

  'clientProcess.watchdogMs': {
    ...milliseconds,
    default: 10_000,
    meaning: 'Silence after which the client process counts as hung; it speaks twice as often. 0: never.',
  },
  'clientProcess.orphanGraceMs': {
    ...milliseconds,
    default: 30_000,
    meaning: 'How long the client process keeps its sessions without a control plane.',
  },
  'clientProcess.baseMs': {
    ...milliseconds,
    default: 250,
    meaning: 'Longest delay before the client process is started again for the first time.',
  },
  'clientProcess.factor': {
    scope: 'global',
    unit: 'factor',
    default: 2,
    meaning: 'Growth of that delay with each failure in a row.',
  },
  'clientProcess.capMs': { ...milliseconds, default: 10_000, meaning: 'No delay is longer.' },
  'clientProcess.maxConsecutive': {
    ...count,
    default: 5,
    meaning: 'Failures in a row after which it is not started again. 0: no limit.',
  },
  'clientProcess.stableAfterMs': {
    ...milliseconds,
    default: 60_000,
    meaning: 'Time it must live before its failures are forgiven.',
  },

  'http.allowedHosts': {
    ...plain,
    default: [],
    meaning: 'Values of the Host header that are answered beside those of the loopback address.',
  },
  'http.allowedOrigins': { ...plain, default: [], meaning: 'Origins whose pages may use the API.' },
  'http.basePath': { ...plain, default: '/', meaning: 'Path under which everything is served.' },
  'http.trustedProxies': {
    ...plain,
    default: [],
    meaning: 'Addresses of proxies whose Forwarded headers are believed.',
  },
  'http.tls.certFile': { ...plain, default: null, meaning: 'Certificate chain, PEM.' },
  'http.tls.keyFile': { ...plain, default: null, meaning: 'Private key of the certificate, PEM.' },
  'http.tokens[].name': {
    ...plain,
    default: null,
    meaning: 'Name of a further token; the "who" of the history.',
  },
  'http.tokens[].scope': {
    ...plain,
    default: null,
    meaning: 'What the token allows: "mcp", "read", "operate" or "admin".',
  },
  'http.tokens[].file': { ...plain, default: null, meaning: 'File that holds the token.' },
  'http.maxBodyBytes': { scope: 'global', unit: 'bytes', default: 4_194_304, meaning: 'Longest request body.' },
  'http.maxConnections': { ...count, default: 4_096, meaning: 'Open connections, at most.' },
  'http.headersTimeoutMs': {
    ...milliseconds,
    default: 10_000,
    meaning: 'Time a client may take to send its headers.',
  },
  'http.requestsPerSecond': {
    scope: 'global',
    unit: 'per second',
    default: null,
    meaning: 'Requests a client may make. Default: no limit.',
  },

  compat: { ...plain, default: false, meaning: 'Serve the routes of the reference system under /api/mcp.' },
  'profiles.NAME.servers': {
    ...plain,
    default: [],
    meaning: 'Servers of a subset served under /mcp/profiles/NAME; `*` stands for any text.',
  },
  'profiles.NAME.tools.include': { ...plain, default: ['*'], meaning: 'Tools the subset offers.' },
  'profiles.NAME.tools.exclude': {
    ...plain,
    default: [],
    meaning: 'Tools the subset does not offer; wins over `include`.',
  },
  'profiles.NAME.exposure': {
    ...plain,
    default: 'all',
    meaning: '"all" lists every tool; "search" offers three tools that find, describe and call the others.',
  },
  'gateway.firstListMs': {
    ...milliseconds,
    default: 8_000,
    meaning: "How long a client's first list waits for servers that are starting.",
  },
  'gateway.exposure': {
    ...plain,
    default: 'all',
    meaning: '"all" lists every tool; "search" offers three tools that find, describe and call the others.',
  },
  'journal.calls': { ...plain, default: false, meaning: 'Whether calls are kept in the journal too.' },
  'journal.maxAgeMs': {
    ...milliseconds,
    default: 604_800_000,
    meaning: 'Facts older than this are removed from the journal. Default: 7 days.',
  },
  'journal.maxBytes': {
    scope: 'global',
    unit: 'bytes',
    default: 200_000_000,
    meaning: 'Above this size the oldest facts are removed from the journal.',
  },
} as const satisfies SettingTable;
