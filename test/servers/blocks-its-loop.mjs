/**
 * Has a tool `block` that computes without a pause and hears nothing meanwhile. Arguments: seconds (10), unless the
 * call says `seconds`; with `idle` it waits without computing, as a query of a database does.
 */

import { speak } from './speak.mjs';

const usualSeconds = Number(process.argv[2] ?? 10);

speak({
  tools: {
    block: {
      description: 'Blocks the event loop',
      call({ seconds = usualSeconds, idle = false }) {
        if (idle) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1_000);
        const until = performance.now() + seconds * 1_000;
        while (!idle && performance.now() < until);
        return 'done';
      },
    },
  },
});
