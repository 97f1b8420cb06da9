/**
 * Packs the package as it would be published and has the tarball checked: its fields and files, and its types as a
 * consumer sees them.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'package-'));
try {
  const passed = run('npm', ['pack', '--silent', '--pack-destination', folder]) && checkTarball();
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Both are run, so that one run tells everything. */
function checkTarball() {
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) return false;
  const file = join(folder, tarball);
  const results = [
    run(toolOf('publint'), ['run', file, '--strict']),
    run(toolOf('attw'), [file, '--profile', 'esm-only', '--no-emoji']),
  ];
  return results.every(Boolean);
}

function toolOf(name) {
  return resolve('node_modules/.bin', name);
}

function run(command, args) {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}
