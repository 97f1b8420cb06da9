/** The version of Node, and whether process 1 reaps orphans. */

import { readFileSync } from 'node:fs';
import type { Invocation } from '../../invocation.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** The same as `engines` in package.json. */
const leastNode = [20, 19] as const;

export function checkMachine({
  nodeVersion,
  platform,
  pid,
}: Pick<Invocation, 'nodeVersion' | 'platform' | 'pid'>): readonly Finding[] {
  return [checkNode(nodeVersion), checkPlatform(platform), ...(platform === 'linux' ? [checkInit(pid)] : [])];
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = leastNode;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('node', `Node ${version}`);
  return problem('node', `Node ${version} is too old`, `install Node ${leastNode.join('.')} or later`);
}

function checkPlatform(platform: string): Finding {
  return platform === 'win32'
    ? problem('platform', 'servers do not run on Windows', 'use the Windows Subsystem for Linux')
    : ok('platform', platform);
}

/** Programs that reap orphans when they are process 1. */
const inits: ReadonlySet<string> = new Set([
  'systemd',
  'init',
  'tini',
  'docker-init',
  'dumb-init',
  'catatonit',
  's6-svscan',
  'runit',
  'launchd',
  'openrc-init',
]);

function checkInit(pid: number): Finding {
  const name = pid === 1 ? 'mcpvisor' : firstProcess();
  if (name === null) return ok('init', 'which program is process 1 cannot be told');
  if (inits.has(name)) return ok('init', `process 1 is ${name}`);
  return warning(
    'init',
    `process 1 is ${name}, which may not wait for orphans: dead servers can stay as zombies`,
    'start the container with an init (docker run --init)',
  );
}

function firstProcess(): string | null {
  try {
    return readFileSync('/proc/1/comm', 'utf8').trim();
  } catch {
    // Hidden from us, or no /proc: null is the answer.
    return null;
  }
}
