/** Has a tool `close_stdin` after which it can be told nothing; the process lives on. */

import { closeSync } from 'node:fs';
import { speak } from './speak.mjs';

setInterval(() => {}, 60_000);
speak({
  onEnd: () => {},
  tools: {
    close_stdin: {
      description: 'Closes stdin',
      // The stream leaves its descriptor open, and has to be gone before that is closed.
      call: () =>
        new Promise((resolve) => {
          process.stdin.once('close', () =>
            setImmediate(() => {
              closeSync(0);
              resolve('closed');
            }),
          );
          process.stdin.destroy();
        }),
    },
  },
});
