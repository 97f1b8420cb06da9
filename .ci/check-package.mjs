/**
 * Packs the package as it would be published and has the tarball checked: its fields and files, its types as a
 * consumer sees them, that nothing runs when it is installed, and that it works in a folder of somebody else.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
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
    worksElsewhere(file),
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

/** Its command, its modules by `import` and `require`, and its examples, copied to where `.ts` means CommonJS. */
function worksElsewhere(file) {
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'mcpvisor');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync('node_modules')) symlinkSync(resolve('node_modules', name), join(modules, name));
  if (!run('tar', ['-xzf', file, '-C', own, '--strip-components=1'])) return false;
  cpSync(join(own, 'docs/examples'), join(folder, 'examples'), { recursive: true });
  const { version, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const names = Object.keys(exports).filter((name) => !name.endsWith('.json'));
  const load = names.flatMap((name) => [`require('mcpvisor${name.slice(1)}')`, `import('mcpvisor${name.slice(1)}')`]);
  const results = [
    prints(version, [join(own, 'dist/src/bin.js'), '--version']),
    prints('loaded', ['-e', `Promise.all([${load.join(', ')}]).then(() => console.log('loaded'))`]),
    run(toolOf('tsc'), ['-p', join(folder, 'examples')]),
  ];
  return results.every(Boolean);
}

function prints(text, args) {
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (stdout.trim() !== text) console.error(`the package should print ${text} and prints: ${stdout}${stderr}`);
  return stdout.trim() === text;
}

function toolOf(name) {
  return resolve('node_modules/.bin', name);
}

function run(command, args) {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}
