/** Has a tool `close_stdout` after which nothing can be heard of it; the process lives on. */

import { closeSync } from 'node:fs';
import { speak } from './speak.mjs';

setInterval(() => {}, 60_000);
speak({
  tools: {
    close_stdout: {
      description: 'Closes stdout',
      call() {
        closeSync(1);
      },
    },
  },
});
