/** Its tool `pour` writes so many bytes to stdout, and no line end. From then on it answers nothing. */

import { speak } from './speak.mjs';

const chunk = Buffer.alloc(64 * 1024, 'x');

function pour(left) {
  if (left > 0) process.stdout.write(chunk.subarray(0, Math.min(left, chunk.length)), () => pour(left - chunk.length));
}

let isPouring = false;

speak({
  onMessage: () => (isPouring ? 'ignore' : undefined),
  tools: {
    pour: {
      description: 'Writes bytes without end',
      call({ bytes }) {
        isPouring = true;
        pour(bytes);
        return new Promise(() => {});
      },
    },
  },
});
