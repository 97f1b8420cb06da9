/** Where the servers with MongoDB's protocol are that tests run against: outside of the tree, built once. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What each is made of is in the folder of its name; a file that is there once it is built. */
export const servers = new Map([
  ['ferretdb', { program: 'ferretdb' }],
  ['mongo-java-server', { program: 'Serve.class' }],
]);

export function sourceFolderOf(name) {
  return fileURLToPath(new URL(`${name}/`, import.meta.url));
}

/** Another folder for other manifests. */
export function builtFolderOf(name) {
  const source = sourceFolderOf(name);
  const hash = createHash('sha256');
  for (const file of readdirSync(source).sort()) hash.update(`${file}\0`).update(readFileSync(join(source, file)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'mcpvisor-test', `${name}-${hash.digest('hex').slice(0, 16)}`);
}
