/**
 * Packs the package as it would be published and has the tarball checked: its fields and files, its types as a
 * consumer sees them, and that nothing runs when it is installed.
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
    runsNothing(file),
    run(toolOf('publint'), ['run', file, '--strict']),
    run(toolOf('attw'), [file, '--profile', 'esm-only', '--no-emoji']),
  ];
  return results.every(Boolean);
}

/** npm warns of a package with scripts that it could run on install. */
function runsNothing(file) {
  const { stdout } = spawnSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' });
  const { scripts = {} } = JSON.parse(stdout);
  const found = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in scripts);
  if (found.length > 0) console.error(`the package has scripts for its installation: ${found.join(', ')}`);
  return found.length === 0;
}

function toolOf(name) {
  return resolve('node_modules/.bin', name);
}

function run(command, args) {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}
