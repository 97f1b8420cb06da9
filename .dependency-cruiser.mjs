/**
 * The arrows, doors and fences of the source tree, as data. `.ci/check-arrows.mjs` checks them and proves that they are
 * checked. A room is a folder, or a file at the root of `src`; a path in a table is a regular expression's beginning.
 */

/** What lies at the bottom: imported by every room, importing none. */
const bottom = [
  'machines',
  'clock',
  'errors',
  'lifetime',
  'names',
  'on-abort',
  'own-file',
  'specification',
  'surroundings',
  'system-error',
  'text',
  'version',
];
/** Rooms that know nothing of each other. */
const effects = [...bottom, 'session', 'config', 'store', 'observe', 'state-directory'];
const actors = [...effects, 'supervisor'];
const faces = [...actors, 'http', 'gateway'];
const entrances = [...faces, 'index', 'daemon', 'client-process'];

/**
 * Which rooms a room may import beside itself. The one exception: `specification` takes the types of the policy that
 * charts decide by.
 */
export const arrows = {
  machines: [],
  clock: [],
  errors: ['names'],
  lifetime: [],
  names: [],
  'on-abort': [],
  'own-file': ['system-error'],
  specification: [],
  surroundings: ['system-error'],
  'system-error': [],
  text: [],
  version: [],
  session: bottom,
  config: bottom,
  store: bottom,
  observe: bottom,
  'state-directory': bottom,
  supervisor: effects,
  http: actors,
  gateway: actors,
  index: entrances,
  daemon: entrances,
  // It holds sessions for a control plane that is another process: it knows of nothing else.
  'client-process': [...bottom, 'session'],
  cli: entrances,
  bin: [...entrances, 'cli'],
  testing: [...bottom, 'session'],
  page: [],
};

/**
 * The doors: what a folder lets others import. Of a room (`session`), what other rooms may import; of a folder in a room
 * (`session/process`), what the rest of that room may. Everything else in it is its own affair.
 */
export const doors = {
  cli: ['invocation', 'program', 'screen/screen'],
  'cli/commands': [
    'call/call',
    'check',
    'completion/completion',
    'doctor/doctor',
    'down',
    'ensure',
    'events',
    'logs',
    'open',
    'plan',
    'status',
    'tools',
    'up/settings',
    'up/up',
    'verbs',
  ],
  'cli/commands/call': ['call'],
  'cli/commands/completion': ['completion'],
  'cli/commands/doctor': ['doctor'],
  'cli/commands/up': ['settings', 'up'],
  'cli/screen': [
    'actor-tree',
    'block',
    'drawn',
    'clock-time',
    'error-output',
    'help',
    'live-table',
    'number-options',
    'screen',
    'server-table',
    'table',
    'terminal',
    'throttle',
  ],
  config: [
    'configuration',
    'editing/kept',
    'editing/merge-patch',
    'entries/stop',
    'expand/environment',
    'expand/expand',
    'file/text-file',
    'file/watch',
    'parse',
    'plan/describe',
    'plan/plan',
    'plan/setting-changes',
    'problems',
    'settings/input',
    'spelling',
  ],
  'config/editing': ['kept', 'merge-patch'],
  'config/entries': ['entry', 'names', 'url'],
  'config/expand': ['expression'],
  'config/file': ['jsonc', 'text-file'],
  'config/foreign': ['misplaced', 'variables', 'words'],
  'config/plan': [],
  'config/settings': ['global', 'schema', 'server', 'settings'],
  http: [
    'admission/bind',
    'admission/token',
    'app',
    'client/client',
    'client/problem-reader',
    'handler',
    'listener',
    'problem',
    'schemas/actor',
    'schemas/call',
    'schemas/catalog',
    'schemas/control-plane',
    'schemas/ensured',
    'schemas/fact',
    'schemas/log',
    'schemas/names',
    'schemas/outcome',
    'schemas/server',
  ],
  'http/admission': ['connection-limit', 'origin', 'rate-limit', 'token'],
  'http/client': [],
  'http/routes': ['all', 'parts'],
  'http/schemas': [
    'actor',
    'call',
    'catalog',
    'common',
    'control-plane',
    'ensured',
    'fact',
    'json-schema',
    'log',
    'names',
    'outcome',
    'problem',
    'server',
  ],
  'http/streams': ['event-stream', 'progress'],
  machines: [
    'alarm',
    'chart/data',
    'chart/definition',
    'chart/diagram',
    'chart/edges',
    'delay',
    'failure',
    'group.machine',
    'group/alarms',
    'group/events',
    'ids',
    'order',
    'policy',
    'table',
    'server.machine',
    'server/alarms',
    'server/events',
    'server/looking',
    'server/meaning',
    'server/settlement',
    'server/setup',
    'state-path',
    'supervisor.machine',
    'supervisor/events',
  ],
  'machines/chart': ['data', 'definition', 'diagram', 'edges'],
  'machines/group': ['events', 'holding', 'round-actions'],
  'machines/holding': ['address', 'deaths', 'effects', 'holding'],
  'machines/server': [
    'clearance',
    'context',
    'events',
    'example-events',
    'life',
    'plan',
    'settlement',
    'setup',
    'standing',
    'states/actions',
    'states/at-rest',
    'states/backoff',
    'states/connected',
    'states/ending',
    'states/starting',
  ],
  'machines/server/states': ['actions', 'at-rest', 'backoff', 'connected', 'ending', 'starting'],
  'machines/supervisor': ['events', 'setup'],
  observe: [
    'alarms/own-alarms',
    'alarms/trouble',
    'facts/describe',
    'facts/fact',
    'facts/facts',
    'facts/inspected',
    'facts/inspected-event',
    'facts/inspection',
    'facts/journal',
    'log/destination',
    'log/level',
    'log/line-writer',
    'log/lines',
    'log/log',
    'log/own-words',
    'metrics/metrics',
    'secrets/redact',
    'server-logs/line',
    'server-logs/server-logs',
  ],
  'observe/alarms': [],
  'observe/facts': ['describe', 'fact', 'facts'],
  'observe/log': ['level'],
  'observe/metrics': [],
  'observe/secrets': ['redact'],
  'observe/server-logs': [],
  session: ['contract', 'hosted/parts', 'process/command', 'process/identity', 'process/lack', 'request', 'sessions'],
  'session/calls': ['call-queue'],
  'session/hosted': ['link', 'parts'],
  'session/process': ['group', 'guard', 'lack', 'memory', 'registry', 'server-process', 'spawn', 'strays/strays'],
  'session/process/strays': ['strays'],
  'session/protocol': [
    'back-requests',
    'handshake',
    'listing',
    'loop-lag',
    'news-gate',
    'overhearing',
    'probe',
    'versions',
    'wire',
  ],
  'session/remote': ['lazy-link', 'socket-budget'],
  'session/remote/http': ['answer', 'authorization-fetch', 'body', 'error', 'refused', 'requests', 'target'],
  'session/stdio': ['link'],
  'state-directory': [
    'control-plane-file',
    'directory',
    'further-tokens',
    'known',
    'lock',
    'running',
    'state',
    'token-file',
    'upkeep',
  ],
  supervisor: ['contract', 'desired/source', 'host', 'options', 'supervisor'],
  'supervisor/actors': [
    'expansions',
    'directory',
    'launch',
    'moments',
    'news',
    'reaping',
    'root',
    'suspension',
    'system',
    'turns',
    'words',
  ],
  'supervisor/calls': ['calls', 'checks', 'ensuring', 'tool-answers', 'waking'],
  'supervisor/catalog': [
    'catalog',
    'formats/advice',
    'formats/anthropic',
    'formats/content',
    'formats/openai',
    'formats/openai-responses',
    'formats/tool-call',
    'formats/tool-lists',
  ],
  'supervisor/catalog/formats': [
    'advice',
    'anthropic',
    'content',
    'openai',
    'openai-responses',
    'tool-call',
    'tool-lists',
  ],
  'supervisor/commands': ['commands', 'recipients', 'sending'],
  'supervisor/desired': ['desired', 'source'],
  'supervisor/status': ['alarm-watch', 'charts', 'overview', 'readiness', 'status', 'statuses', 'stray-alarms'],
  text: ['json', 'json-text', 'visible-text', 'weight'],
};

/** Which packages only some rooms may import. */
export const fences = {
  '@hono/node-server': ['http', 'daemon'],
  '@modelcontextprotocol/sdk': ['session', 'gateway', 'testing'],
  ajv: ['supervisor/calls/bounded-ajv', 'supervisor/calls/validator'],
  'ajv-formats': ['supervisor/calls/bounded-ajv'],
  re2js: ['supervisor/calls/bounded-ajv'],
  commander: ['cli'],
  hono: ['http'],
  'eventsource-parser': ['http', 'session'],
  'jsonc-parser': ['config'],
  lmdb: ['store/lmdb'],
  mongodb: ['store/mongo'],
  pino: ['observe', 'daemon'],
  'prom-client': ['observe'],
  'rotating-file-stream': ['observe'],
  socks: ['session'],
  'string-width': ['cli'],
  undici: ['session'],
};

/** Matches every module of the rooms. `store/lmdb` may be a file or a folder. */
function pathOf(rooms) {
  return rooms.map((room) => `${room === 'machines' ? '^machines' : `^src/${room}`}(/|\\.ts$)`);
}

function packagePath(name) {
  return `(^|node_modules/)${name}(/|$)`;
}

const arrowRules = Object.entries(arrows).map(([room, allowed]) => ({
  name: `arrow-${room}`,
  comment: `${room} imports only ${[...allowed, room].join(', ')}`,
  severity: 'error',
  from: { path: pathOf([room]) },
  to: {
    path: '^(src|machines)/',
    pathNot: [...pathOf([...allowed, room]), ...(room === 'specification' ? ['^machines/policy\\.ts$'] : [])],
  },
}));

const fenceRules = Object.entries(fences).map(([name, rooms]) => ({
  name: `fence-${name}`,
  comment: `${name} is imported only by ${rooms.join(', ')}`,
  severity: 'error',
  from: { path: '^(src|machines)/', pathNot: pathOf(rooms) },
  to: { path: packagePath(name) },
}));

/** `session/process` → `^src/session/process/`, `machines/server` → `^machines/server/`. */
function folderPath(folder) {
  return `^${folder === 'machines' || folder.startsWith('machines/') ? '' : 'src/'}${folder}/`;
}

const doorRules = Object.entries(doors).map(([folder, files]) => {
  const [room] = folder.split('/');
  const isRoom = folder === room;
  return {
    name: `door-${folder}`,
    comment: `${isRoom ? 'other rooms' : `the rest of ${room}`} may import of ${folder} only ${files.join(', ')}`,
    severity: 'error',
    from: { path: isRoom ? '^(src|machines)/' : folderPath(room), pathNot: folderPath(folder) },
    to: { path: folderPath(folder), pathNot: files.map((file) => `${folderPath(folder)}${file}\\.ts$`) },
  };
});

const otherRules = [
  {
    name: 'pure-machines',
    comment: 'Charts decide; they reach nothing but xstate and each other.',
    severity: 'error',
    from: { path: '^machines/' },
    to: { pathNot: ['^machines/', packagePath('xstate')] },
  },
  {
    name: 'one-assembly',
    comment: 'What wires the parts of a supervisor is above them all: a part says what it needs.',
    severity: 'error',
    from: { path: '^(src|machines)/', pathNot: '^src/supervisor/supervisor\\.ts$' },
    to: { path: '^src/supervisor/assembly\\.ts$' },
  },
  {
    name: 'types-only-specification',
    comment: 'The specification is types: it loads nothing.',
    severity: 'error',
    from: { path: '^src/specification\\.ts$' },
    to: { dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-cycle',
    comment: 'Of two files that need each other one is a third file.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-unresolvable',
    comment: 'What is imported exists.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-development-package',
    comment: 'A user of the package does not have the development dependencies.',
    severity: 'error',
    from: { path: '^(src|machines)/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'no-tests-in-sources',
    severity: 'error',
    from: { path: '^(src|machines)/' },
    to: { path: '^(test|\\.ci|dist)/' },
  },
];

export default {
  forbidden: [...arrowRules, ...doorRules, ...fenceRules, ...otherRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
