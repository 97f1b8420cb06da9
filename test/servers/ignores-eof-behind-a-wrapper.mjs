/**
 * A server that ignores the end of stdin, behind a shell, behind a launcher; neither hands signals on, so one sent to
 * the launcher alone leaves the other two.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { speak } from './speak.mjs';

const role = process.argv[2];

if (role === 'behind') {
  setInterval(() => {}, 60_000);
  speak({ onEnd: () => {} });
} else {
  const behind = [process.execPath, fileURLToPath(import.meta.url), 'behind', ...process.argv.slice(2)];
  spawn('/bin/sh', ['-c', '"$@"; exit $?', 'wrapper', ...behind], { stdio: 'inherit' }).on('exit', (code) =>
    process.exit(code ?? 1),
  );
}
