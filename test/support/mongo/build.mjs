/**
 * Builds the servers with MongoDB's protocol that tests run against, unless they are built already.
 *
 *   node test/support/mongo/build.mjs [ferretdb] [mongo-java-server]
 *
 * FerretDB needs Go 1.24 and takes some minutes; mongo-java-server needs Maven and a JDK of Java 17, and takes seconds.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { builtFolderOf, servers, sourceFolderOf } from './cache.mjs';

const steps = new Map([
  [
    'ferretdb',
    // No other version of Go is fetched for it.
    [['go', ['build', '-trimpath', '-ldflags=-s -w', '-o', 'ferretdb', '.'], { GOTOOLCHAIN: 'local', GOFLAGS: '' }]],
  ],
  [
    'mongo-java-server',
    [
      ['mvn', ['--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=lib'], {}],
      ['javac', ['-cp', 'lib/*', 'Serve.java'], {}],
    ],
  ],
]);

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : servers.keys()) build(name);

/** In a folder of its own, which takes its place when it is whole. */
function build(name) {
  const folder = builtFolderOf(name);
  if (existsSync(folder)) return;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    cpSync(sourceFolderOf(name), unfinished, { recursive: true });
    for (const [command, args, env] of steps.get(name) ?? []) run(unfinished, [command, args, env]);
    renameSync(unfinished, folder);
    console.log(`${name} is built: ${join(folder, servers.get(name)?.program ?? '')}`);
  } catch (error) {
    console.error(`${name} could not be built: ${error.message}`);
    process.exitCode = 1;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function run(cwd, [command, args, env]) {
  const { status, error } = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}
