/** What the programs need from elsewhere, in one temporary folder: two Python environments and some npm packages. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Installs into an empty folder, and resolves with where the programs are then. */
export type Installation = (folder: string) => Promise<string>;

/** FastMCP and the Python SDK of today. */
export const python: Installation = (folder) => installPython(folder, 'requirements-current.txt');

/** The Python SDK 1.x, with what cannot be loaded beside a later one: mcp-proxy 0.12 asks for any, and ends at once. */
export const olderPython: Installation = (folder) => installPython(folder, 'requirements-older.txt');

/** Installed rather than run by `npx`: what is killed then is the program, and no download is in its times. */
export const npm: Installation = async (folder) => {
  const packages = ['mcp-proxy@6.7.19', 'mcp-remote@0.15.1', 'supergateway@4.0.0'];
  await run('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...packages]);
  return join(folder, 'node_modules/.bin');
};

async function installPython(folder: string, requirements: string): Promise<string> {
  const bin = join(folder, 'bin');
  await run('python3', ['-m', 'venv', folder]);
  await run(join(bin, 'pip'), ['install', '--quiet', '--requirement', pathOf(requirements)]);
  return bin;
}

/** Each is made once, for the first program that asks; those after it get the same, or the same reason why not. */
export function createInstaller(folder: string): (installation: Installation) => Promise<string> {
  const made = new Map<Installation, Promise<string>>();
  return (installation) => {
    const bin = made.get(installation) ?? installation(join(folder, String(made.size)));
    made.set(installation, bin);
    return bin;
  };
}

/** A file beside this one. */
export function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

const run = promisify(execFile);
