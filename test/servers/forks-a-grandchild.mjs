/**
 * Has a child of its own that holds stdout and stderr open and ignores the end of stdin, and lives on when the server
 * itself exits (tool `exit`, or the end of stdin). Arguments: `escapes` puts the child in a session of its own, out
 * of reach of signals to the group.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { speak } from './speak.mjs';

if (process.argv[2] === 'grandchild') setInterval(() => {}, 60_000);
else {
  const args = [fileURLToPath(import.meta.url), 'grandchild', ...process.argv.slice(2)];
  const grandchild = spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: process.argv[2] === 'escapes',
  });
  speak({ tools: { grandchild: { description: 'The id of the child', call: () => String(grandchild.pid) } } });
}
