/**
 * The arrows and fences of the source tree, as data. `.ci/check-arrows.mjs` checks them and proves that they are
 * checked. A room is a folder, or a file at the root of `src`; a path in a table is a regular expression's beginning.
 */

/** What lies at the bottom: imported by every room, importing none. */
const bottom = ['machines', 'errors', 'json', 'lifetime', 'specification', 'system-error', 'version'];
/** Rooms that know nothing of each other. */
const effects = [...bottom, 'session', 'config', 'store', 'observe', 'state-directory'];
const actors = [...effects, 'supervisor'];
const faces = [...actors, 'http', 'gateway'];
const doors = [...faces, 'index', 'daemon', 'client-process'];

/**
 * Which rooms a room may import beside itself. The one exception: `specification` takes the types of the policy that
 * charts decide by.
 */
export const arrows = {
  machines: [],
  errors: [],
  json: [],
  lifetime: [],
  specification: [],
  'system-error': [],
  version: [],
  session: bottom,
  config: bottom,
  store: bottom,
  observe: bottom,
  'state-directory': bottom,
  supervisor: effects,
  http: actors,
  gateway: actors,
  index: doors,
  daemon: doors,
  // It holds sessions for a control plane that is another process: it knows of nothing else.
  'client-process': [...bottom, 'session'],
  cli: doors,
  bin: [...doors, 'cli'],
  page: [],
};

/** Which packages only some rooms may import. */
export const fences = {
  '@hono/node-server': ['http', 'daemon'],
  '@modelcontextprotocol/sdk': ['session', 'gateway'],
  ajv: ['supervisor/calls/validator'],
  'ajv-formats': ['supervisor/calls/validator'],
  commander: ['cli'],
  hono: ['http'],
  'eventsource-parser': ['http'],
  'jsonc-parser': ['config'],
  lmdb: ['store/lmdb'],
  mongodb: ['store/mongo'],
  pino: ['observe', 'daemon'],
  'prom-client': ['observe'],
  'rotating-file-stream': ['observe'],
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
  forbidden: [...arrowRules, ...fenceRules, ...otherRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
