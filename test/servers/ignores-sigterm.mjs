/** Ignores the end of its stdin and SIGTERM; SIGKILL ends it. */

import { speak } from './speak.mjs';

process.on('SIGTERM', () => {});
setInterval(() => {}, 60_000);
speak({ onEnd: () => {} });
