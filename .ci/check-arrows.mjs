/**
 * Checks the arrows, doors and fences of `.dependency-cruiser.mjs` on the tree, then proves on planted violations that they
 * are checked: a tool that reads no module finds no violation either.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { arrows, doors } from '../.dependency-cruiser.mjs';

const config = '.dependency-cruiser.mjs';
const fewestModules = 5;
/** More files than a reader takes in at once: a room is missing. */
const mostFilesInFolder = 17;

/** What a mistaken person might write: the file, what it says, and the rule that must refuse it. */
const planted = [
  {
    file: 'src/session/planted.ts',
    text: "import { x } from '../supervisor/planted.ts';\nexport const y = x;",
    rule: 'arrow-session',
  },
  { file: 'src/supervisor/planted.ts', text: 'export const x = 1;', rule: null },
  {
    file: 'src/observe/planted.ts',
    text: "import type { PlantedType } from '../store/planted.ts';\nexport type Y = PlantedType;",
    rule: 'arrow-observe',
  },
  { file: 'src/store/planted.ts', text: 'export type PlantedType = string;', rule: null },
  { file: 'src/http/planted.ts', text: "export { x } from '../gateway/planted.ts';", rule: 'arrow-http' },
  { file: 'src/gateway/planted.ts', text: 'export const x = 1;', rule: null },
  {
    file: 'src/supervisor/planted-up.ts',
    text: "export const door = () => import('../daemon.ts');",
    rule: 'arrow-supervisor',
  },
  {
    file: 'src/supervisor/planted-part.ts',
    text: "import type { Assembly } from './assembly/assembly.ts';\nexport type Parts = Pick<Assembly, 'root'>;",
    rule: 'one-assembly',
  },
  {
    file: 'src/http/planted-window.ts',
    text: "export { createCalls } from '../supervisor/calls/calls.ts';",
    rule: 'door-supervisor',
  },
  {
    file: 'src/session/planted-window.ts',
    text: "export { createMessageReader } from './stdio/reader.ts';",
    rule: 'door-session/stdio',
  },
  {
    file: 'machines/planted-window.ts',
    text: "export * from './server/planted-secret.ts';",
    rule: 'door-machines/server',
  },
  { file: 'machines/server/planted-secret.ts', text: 'export const x = 1;', rule: null },
  { file: 'src/daemon.ts', text: "import { Hono } from 'hono';\nexport const app = Hono;", rule: 'fence-hono' },
  { file: 'src/config/planted.ts', text: "import pino from 'pino';\nexport const log = pino;", rule: 'fence-pino' },
  {
    file: 'src/http/planted-sdk.ts',
    text: "import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';\nexport type Y = Transport;",
    rule: 'fence-@modelcontextprotocol/sdk',
  },
  {
    file: 'src/store/planted-mongo.ts',
    text: "import { MongoClient } from 'mongodb';\nexport const y = MongoClient;",
    rule: 'fence-mongodb',
  },
  {
    file: 'machines/planted.ts',
    text: "import { readFileSync } from 'node:fs';\nexport const y = readFileSync;",
    rule: 'pure-machines',
  },
  { file: 'machines/planted-up.ts', text: "export { x } from '../src/supervisor/planted.ts';", rule: 'arrow-machines' },
  { file: 'src/config/planted-cycle.ts', text: "export * from './planted-cycle-back.ts';", rule: 'no-cycle' },
  { file: 'src/config/planted-cycle-back.ts', text: "export * from './planted-cycle.ts';", rule: 'no-cycle' },
  {
    file: 'src/cli/planted.ts',
    text: "import fc from 'fast-check';\nexport const y = fc;",
    rule: 'no-development-package',
  },
  { file: 'src/cli/planted-ghost.ts', text: "export * from './nobody.ts';", rule: 'no-unresolvable' },
  {
    file: 'src/client-process/planted.ts',
    text: "import { x } from '../supervisor/planted.ts';\nexport const y = x;",
    rule: 'arrow-client-process',
  },
  {
    file: 'src/client-process/planted-secrets.ts',
    text: "export { createRedactor } from '../observe/secrets/redact.ts';",
    rule: 'arrow-client-process',
  },
];

/** What dependency-cruiser sees in `folder`. As JSON it tells violations in the report, not by its exit code. */
function cruise(folder) {
  const tool = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const report = execFileSync(
    process.execPath,
    [tool, '--config', config, '--output-type', 'json', 'src', 'machines'],
    {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8',
    },
  );
  const { modules, summary } = JSON.parse(report);
  return {
    read: new Set(modules.map(({ source }) => source)),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    imports: modules.flatMap(({ source, dependencies }) => dependencies.map(({ resolved }) => [source, resolved])),
  };
}

function checkTree() {
  const { read, violations, imports } = cruise('.');
  const files = typeScriptFiles();
  const problems = violations.map(({ rule, from, to }) => `${rule}: ${from} imports ${to}`);
  problems.push(...files.filter((file) => !read.has(file)).map((file) => `${file} was not read`));
  problems.push(
    ...files
      .filter((file) => !Object.hasOwn(arrows, roomOf(file)))
      .map((file) => `${file} is in no room of ${config}: say there what it may import`),
  );
  problems.push(...folderProblems(files), ...uselessDoors(imports));
  if (files.length <= fewestModules) problems.push(`only ${files.length} files were found`);
  return { problems, modules: files.length };
}

function typeScriptFiles() {
  return ['src', 'machines']
    .flatMap((top) => readdirSync(top, { recursive: true }).map((file) => `${top}/${file}`))
    .filter((file) => file.endsWith('.ts'));
}

/** Folders without a stated door, and folders with too many files. */
function folderProblems(files) {
  const sizes = new Map();
  for (const file of files) {
    const folder = nameOf(dirname(file));
    if (folder !== 'src') sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  }
  return [...sizes].flatMap(([folder, size]) => [
    ...(Object.hasOwn(doors, folder) ? [] : [`${folder} has no doors in ${config}: say there what others may import`]),
    ...(size > mostFilesInFolder ? [`${folder} has ${size} files: which room is missing in it?`] : []),
  ]);
}

/** Doors that nothing outside imports: they would tell a reader of uses that do not exist. */
function uselessDoors(imports) {
  const used = new Set();
  for (const [from, to] of imports) {
    for (const folder of foldersAround(to)) {
      if (!nameOf(from).startsWith(`${folder}/`)) used.add(`${folder}: ${nameOf(to).slice(folder.length + 1)}`);
    }
  }
  return Object.entries(doors).flatMap(([folder, files]) =>
    files
      .filter((file) => !used.has(`${folder}: ${file}.ts`))
      .map((file) => `${folder} has the door ${file} in ${config}, which nothing outside imports`),
  );
}

/** `src/session/process/guard.ts` → `session`, `session/process`. */
function foldersAround(file) {
  const parts = nameOf(file).split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** As the doors have it: `src/session/open.ts` → `session/open.ts`. */
function nameOf(path) {
  return path.replace(/^src\//, '');
}

/** `src/store/lmdb.ts` → `store`, `src/errors.ts` → `errors`, `machines/x.ts` → `machines`. */
function roomOf(file) {
  const [top, room = ''] = file.split('/');
  return top === 'machines' ? top : room.replace(/\.ts$/, '');
}

function checkPlanted() {
  const copy = mkdtempSync(join(tmpdir(), 'arrows-'));
  try {
    for (const part of ['src', 'machines', 'package.json', 'tsconfig.json', config])
      cpSync(part, join(copy, part), { recursive: true });
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
    for (const { file, text } of planted) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), `${text}\n`);
    }
    const { violations } = cruise(copy);
    const missed = planted.filter(
      ({ file, rule }) =>
        rule !== null &&
        !violations.some((violation) => violation.rule === rule && [violation.from, violation.to].includes(file)),
    );
    return missed.map(({ file, rule }) => `${rule} does not see the violation planted in ${file}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const { problems, modules } = checkTree();
problems.push(...checkPlanted());
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else
  console.log(
    `${modules} modules keep to the arrows, doors and fences; ${planted.filter(({ rule }) => rule !== null).length} planted violations were found`,
  );
