/** The state directory: whether it is private, and what an earlier run left in it. */

import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../../config/file/text-file.ts';
import type { Running } from '../../../state-directory/running.ts';
import { isSystemError } from '../../../system-error.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

export interface StateQuestion {
  readonly stateDir: string;
  readonly uid: number;
  readonly running: Running;
}

export async function checkState({ stateDir, uid, running }: StateQuestion): Promise<readonly Finding[]> {
  try {
    const found = await lookAt(stateDir);
    const files = found?.isDirectory() === true ? await checkFiles(stateDir) : [];
    return [checkFolder(stateDir, found, uid), ...files, checkLife(stateDir, running)];
  } catch (error) {
    // In a folder that we may not read, nothing else can be checked.
    return [
      problem(
        folderCheck,
        `${stateDir} cannot be looked at (${reasonOf(error)})`,
        'name another with --state-dir, or open the folders it is in',
      ),
    ];
  }
}

/** Null: it does not exist. Throws if that cannot be found out. */
async function lookAt(stateDir: string): Promise<Stats | null> {
  try {
    return await stat(stateDir);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

const folderCheck = 'state directory';

function checkFolder(stateDir: string, found: Stats | null, uid: number): Finding {
  const check = folderCheck;
  if (found === null) return ok(check, `${stateDir} is not there yet; "up" makes it`);
  if (!found.isDirectory()) return problem(check, `${stateDir} is not a folder`, 'name another with --state-dir');
  if (found.uid !== uid) return problem(check, `${stateDir} belongs to another user`, 'name another with --state-dir');
  return isOpen(found.mode)
    ? problem(check, `others may look into ${stateDir}`, `chmod 700 ${stateDir}`)
    : ok(check, `${stateDir} is private`);
}

const secretFiles = [
  'token',
  'mcp-token',
  'control-plane.json',
  'client-process.json',
  'processes.json',
  'worked.json',
];

/** A token lets its reader do everything, so only the owner may read it. */
async function checkFiles(stateDir: string): Promise<readonly Finding[]> {
  const logs = join(stateDir, 'logs');
  try {
    const names = (await lookAt(logs)) === null ? [] : await readdir(logs);
    const paths = [...secretFiles.map((name) => join(stateDir, name)), ...names.map((name) => join(logs, name))];
    const findings = (await Promise.all(paths.map(checkFile))).flat();
    return findings.length > 0 ? findings : [ok('permissions', 'nobody else may read tokens and logs')];
  } catch (error) {
    return [unseen(logs, error)];
  }
}

/** A file that is not there has no permissions to look at. */
async function checkFile(path: string): Promise<readonly Finding[]> {
  try {
    const found = await lookAt(path);
    return found?.isFile() === true && isOpen(found.mode)
      ? [problem('permissions', `others may read ${path}`, `chmod 600 ${path}`)]
      : [];
  } catch (error) {
    return [unseen(path, error)];
  }
}

function unseen(path: string, error: unknown): Finding {
  return problem(
    'permissions',
    `${path} cannot be looked at (${reasonOf(error)})`,
    'remove it: the next start makes it',
  );
}

function checkLife(stateDir: string, running: Running): Finding {
  const check = 'control plane';
  if (running.state === 'running') return ok(check, `runs at ${running.address.url} (pid ${running.owner.pid})`);
  if (running.state === 'unknown')
    return problem(
      check,
      `whether one runs cannot be told: ${running.flaw}`,
      'see whether its process still runs; if none does, remove the file',
    );
  if (running.flaw !== null) {
    const whose = running.state === 'none' ? 'none runs' : `process ${running.owner.pid} has the state directory`;
    return problem(check, `${whose}, and ${running.flaw}`, 'remove the file: the control plane makes it again');
  }
  if (running.state === 'between') {
    return warning(
      check,
      `process ${running.owner.pid} has the state directory, and its API does not answer`,
      'wait until it has started or ended',
    );
  }
  if (running.isStale)
    return warning(
      check,
      `an earlier control plane left its lock or address in ${stateDir}`,
      'nothing: the next start takes it over',
    );
  return ok(check, 'none runs');
}

function isOpen(mode: number): boolean {
  return (mode & 0o077) !== 0;
}
