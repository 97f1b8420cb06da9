/** Where the running control plane is: `control-plane.json`, there exactly while the API answers. */

import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ControlPlaneAddress {
  readonly url: string;
  readonly pid: number;
  /** UTC ISO 8601 with milliseconds. */
  readonly startedAt: string;
  readonly version: string;
  /** Path of the configuration file; null: none. */
  readonly config: string | null;
}

export async function writeControlPlaneFile(stateDir: string, address: ControlPlaneAddress): Promise<void> {
  const path = join(stateDir, 'control-plane.json');
  const draft = `${path}.${address.pid}`;
  await writeFile(draft, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

/** Does not throw. */
export async function removeControlPlaneFile(stateDir: string): Promise<void> {
  try {
    await rm(join(stateDir, 'control-plane.json'), { force: true });
  } catch {
    // The directory is gone or closed to us. Readers check the pid in the file before they believe it.
  }
}
