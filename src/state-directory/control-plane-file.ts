/** `control-plane.json`: where the running control plane is. The file exists exactly while the API answers. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readStateFile, type StateFile } from './state-file.ts';
import type { KeptFile } from './upkeep.ts';

const controlPlaneAddress = z.object({
  url: z.string(),
  pid: z.int().positive(),
  /** UTC ISO 8601 with milliseconds. */
  startedAt: z.string(),
  version: z.string(),
  /** Path of the configuration file; null: none. */
  config: z.string().nullable(),
  /** Path of the file with the API's token, if it is not the one in the state directory. */
  tokenFile: z.string().nullable().default(null),
});

export type ControlPlaneAddress = Readonly<z.infer<typeof controlPlaneAddress>>;

export function controlPlaneFile(address: ControlPlaneAddress): KeptFile {
  // Most have none, and what is undefined is left out.
  const tokenFile = address.tokenFile ?? undefined;
  return { name: 'control-plane.json', text: `${JSON.stringify({ ...address, tokenFile })}\n` };
}

/** Whether its process still runs is for the caller to check. Does not throw. */
export function readControlPlaneFile(stateDir: string): StateFile<ControlPlaneAddress> {
  return readStateFile(join(stateDir, 'control-plane.json'), parseAddress, 'it holds no address');
}

function parseAddress(text: string): ControlPlaneAddress | null {
  try {
    return controlPlaneAddress.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: it holds no address.
    return null;
  }
}

/** Does not throw. */
export async function removeControlPlaneFile(stateDir: string): Promise<void> {
  try {
    await rm(join(stateDir, 'control-plane.json'), { force: true });
  } catch {
    // The directory is gone or not accessible. Readers check the pid in the file before they believe it.
  }
}
