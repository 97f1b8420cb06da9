/** `secrets.json`: what `${secret:NAME}` stands for, as `mcpvisor secret set` kept it. */

import { join } from 'node:path';
import { McpvisorError } from '../errors.ts';
import { isRecord } from '../text/json.ts';
import { editShared } from './shared-file.ts';
import { readStateFile, type StateFile } from './state-file.ts';

export type KeptSecrets = ReadonlyMap<string, string>;

export function secretsPath(stateDir: string): string {
  return join(stateDir, 'secrets.json');
}

/** By name. Does not throw, and follows no link. */
export function readSecrets(stateDir: string): StateFile<KeptSecrets> {
  return readStateFile(secretsPath(stateDir), parse, 'it holds no secrets');
}

/** Resolves when it is on disk. Rejects with `STATE_DIRECTORY_UNUSABLE`, also for a file that cannot be read. */
export async function keepSecret(stateDir: string, name: string, value: string): Promise<void> {
  await edit(stateDir, (kept) => new Map([...kept, [name, value]]));
}

/** Resolves to whether there was such a secret. Rejects like `keepSecret`. */
export async function dropSecret(stateDir: string, name: string): Promise<boolean> {
  if (!requireSecrets(stateDir).has(name)) return false;
  const others = (kept: KeptSecrets) => new Map([...kept].filter(([other]) => other !== name));
  await edit(stateDir, others);
  return true;
}

/** Throws `STATE_DIRECTORY_UNUSABLE`: what cannot be read is not replaced, for the others in it would be lost. */
export function requireSecrets(stateDir: string): KeptSecrets {
  const { value, flaw } = readSecrets(stateDir);
  if (flaw !== null) throw new McpvisorError('STATE_DIRECTORY_UNUSABLE', { stateDir, reason: flaw });
  return value ?? new Map();
}

async function edit(stateDir: string, change: (kept: KeptSecrets) => KeptSecrets): Promise<void> {
  await editShared({
    stateDir,
    path: secretsPath(stateDir),
    textNow: () => `${JSON.stringify({ secrets: [...change(requireSecrets(stateDir))] }, null, 2)}\n`,
  });
}

/** As pairs: in an object, `__proto__` would be no name. */
function parse(text: string): KeptSecrets | null {
  try {
    const found: unknown = JSON.parse(text);
    const listed: unknown = isRecord(found) ? found.secrets : null;
    return Array.isArray(listed) && listed.every(isPair) ? new Map(listed) : null;
  } catch {
    // The caller tells that the file says nothing.
    return null;
  }
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((text) => typeof text === 'string');
}
