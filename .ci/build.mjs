/** Builds `dist`: the library as tsc emits it, JSON files, the programs as a bundle, and nothing of sources that are gone. */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/** Parts of packages that nothing here uses and that would be loaded all the same, with what takes their place. */
const unusedParts = [
  // The SDK's Client brings a validator for results; it is given another (src/session/protocol/handshake.ts).
  { filter: /sdk.dist.esm.validation.ajv-provider\.js$/, contents: 'export class AjvJsonSchemaValidator {}' },
  // Metrics of Node itself, of several processes, and for a gateway that they are pushed to.
  { filter: /prom-client.lib.(defaultMetrics|cluster|pushgateway)\.js$/, contents: '' },
  // Pino's threads that write to other places.
  { filter: /thread-stream.index\.js$/, contents: '' },
];

const withoutUnusedParts = {
  name: 'without-unused-parts',
  setup({ onLoad }) {
    for (const { filter, contents } of unusedParts) onLoad({ filter }, () => ({ contents }));
  },
};

const built = new Set([...buildLibrary(), ...copyJson(), ...(await bundlePrograms())]);

// A file left over from a source since renamed would be packed, and found by a test that should miss it.
for (const file of filesOf(['dist'])) {
  if (!built.has(file)) rmSync(file);
}

/** What `src/index.ts` and `machines/index.ts` lead to, each module a file. */
function buildLibrary() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.tsconfig.build.json', '--listEmittedFiles'], {
    encoding: 'utf8',
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const emitted = lines
    .filter((line) => line.startsWith('TSFILE: '))
    .map((line) => relative('.', line.slice('TSFILE: '.length)));
  for (const line of lines) if (!line.startsWith('TSFILE: ')) console.error(line);
  if (status !== 0) process.exit(1);
  return emitted;
}

function copyJson() {
  return filesOf(['src', 'machines'])
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const copy = join('dist', file);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(file, copy);
      return copy;
    });
}

/**
 * One file to begin with, and one for each part that is loaded when it is wanted.
 * See docs/decisions/0014-the-command-is-a-bundle.md.
 */
async function bundlePrograms() {
  const { metafile } = await build({
    entryPoints: {
      'src/bin': 'src/bin.ts',
      'src/client-process': 'src/client-process.ts',
      'src/store-check': 'src/store-check.ts',
    },
    // They find their binaries beside themselves.
    external: ['classic-level', 'lmdb'],
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // An ES module says what of it is used; what CommonJS packages ask for is Node's own.
    mainFields: ['module', 'main'],
    banner: {
      // Under a name that no source has: it is declared beside theirs.
      js: "import { createRequire as createRequireOfChunk } from 'node:module'; const require = createRequireOfChunk(import.meta.url);",
    },
    // Less to read at each start; the names and lines of a stack trace in somebody's report still tell where it was.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 120,
    plugins: [withoutUnusedParts],
    metafile: true,
    logLevel: 'warning',
  });
  refuseLocales(metafile);
  chmodSync('dist/src/bin.js', 0o755);
  return [...Object.keys(metafile.outputs), writeLicences(Object.keys(metafile.inputs))];
}

/** `import { z } from 'zod'` brings all of its languages along, half a megabyte that is read at each start. */
function refuseLocales({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const locales = inputs.filter((input) => /zod.v4.locales.(?!en\.js)\w/.test(input));
  if (locales.length > 0) throw new Error("the bundle holds all locales of zod: write import * as z from 'zod'");
}

/** The bundle holds copies of packages; their licences ask to go with them. */
function writeLicences(inputs) {
  const folders = new Set(
    inputs
      .map((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0])
      .filter((folder) => folder !== undefined),
  );
  const texts = [...folders]
    .sort((one, other) => one.localeCompare(other, 'en'))
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${folder} has no licence to go with its copy in the bundle`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    });
  const licences = 'dist/chunks/LICENSES.txt';
  writeFileSync(licences, texts.join(`\n${'-'.repeat(80)}\n\n`));
  return licences;
}

/** Paths of all files below `folders`. */
function filesOf(folders) {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}
