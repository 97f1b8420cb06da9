/**
 * Has a tool `block` that computes without a pause and hears nothing meanwhile. Arguments: seconds (10), unless the
 * call says `seconds`.
 */

import { speak } from './speak.mjs';

const usualSeconds = Number(process.argv[2] ?? 10);

speak({
  tools: {
    block: {
      description: 'Blocks the event loop',
      call({ seconds = usualSeconds }) {
        const until = performance.now() + seconds * 1_000;
        while (performance.now() < until);
        return 'done';
      },
    },
  },
});
