/** Where the programs of `test/servers` are. */

import { fileURLToPath } from 'node:url';

export function programPath(name: string): string {
  return fileURLToPath(new URL(`../../servers/${name}.mjs`, import.meta.url));
}
