/**
 * Checks the arrows and fences of `.dependency-cruiser.mjs` on the tree, then proves on planted violations that they
 * are checked: a tool that reads no module finds no violation either.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { arrows } from '../.dependency-cruiser.mjs';

const config = '.dependency-cruiser.mjs';
const fewestModules = 5;

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
    text: "import type { Assembly } from './assembly.ts';\nexport type Parts = Pick<Assembly, 'root'>;",
    rule: 'one-assembly',
  },
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

/** A program of the tests that holds a session for another process, as it would stand in `src`: it must be allowed. */
const allowed = ['client-process', 'far-end'].map((name) => ({
  file: `src/client-process/${name}.ts`,
  text: readFileSync(`test/session/${name}.ts`, 'utf8').replaceAll("'../../src/", "'../"),
}));

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
  };
}

function checkTree() {
  const { read, violations } = cruise('.');
  const files = typeScriptFiles();
  const problems = violations.map(({ rule, from, to }) => `${rule}: ${from} imports ${to}`);
  problems.push(...files.filter((file) => !read.has(file)).map((file) => `${file} was not read`));
  problems.push(
    ...files
      .filter((file) => !Object.hasOwn(arrows, roomOf(file)))
      .map((file) => `${file} is in no room of ${config}: say there what it may import`),
  );
  if (files.length <= fewestModules) problems.push(`only ${files.length} files were found`);
  return { problems, modules: files.length };
}

function typeScriptFiles() {
  return ['src', 'machines']
    .flatMap((top) => readdirSync(top, { recursive: true }).map((file) => `${top}/${file}`))
    .filter((file) => file.endsWith('.ts'));
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
    for (const { file, text } of [...planted, ...allowed]) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), `${text}\n`);
    }
    const { read, violations } = cruise(copy);
    const missed = planted.filter(
      ({ file, rule }) =>
        rule !== null &&
        !violations.some((violation) => violation.rule === rule && [violation.from, violation.to].includes(file)),
    );
    const refused = violations.filter(({ from }) => allowed.some(({ file }) => file === from));
    return [
      ...missed.map(({ file, rule }) => `${rule} does not see the violation planted in ${file}`),
      ...refused.map(({ rule, from, to }) => `${rule}: ${from} may not import ${to}, and has to`),
      ...allowed.filter(({ file }) => !read.has(file)).map(({ file }) => `${file}, planted, was not read`),
    ];
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
    `${modules} modules keep to the arrows and fences; ${planted.filter(({ rule }) => rule !== null).length} planted violations were found`,
  );
