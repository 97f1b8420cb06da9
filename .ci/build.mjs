/**
 * Builds `dist` from `src` and `machines`: what tsc emits, the JSON files beside it, and nothing of sources that are
 * gone.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', '.tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

for (const file of filesOf('.', ['src', 'machines'])) {
  if (file.endsWith('.json')) cpSync(file, join('dist', file));
}

// A file left over from a source since renamed would be packed, and found by a test that should miss it.
for (const file of filesOf('dist', readdirSync('dist'))) {
  if (!existsSync(file) && !existsSync(file.replace(/(\.d)?\.[jt]s$/, '.ts'))) rmSync(join('dist', file));
}

const bin = 'dist/src/bin.js';
if (existsSync(bin)) chmodSync(bin, 0o755);

/** Paths of all files below `folders`, relative to `root`. */
function filesOf(root, folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root === '.' ? 0 : root.length + 1)),
  );
}
