/** Puts a program that acts as an engine for containers where commands are looked for. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../servers/acts-as-docker.mjs', import.meta.url));

/** Writes the command into the folder. `first`: lines of shell that run before it. */
export function installDocker(folder: string, { name = 'docker', first = '' } = {}): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${first}\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(path, 0o755);
}
