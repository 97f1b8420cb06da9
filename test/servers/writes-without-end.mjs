/** Once it is asked to, writes the same line again and again as fast as it is read: `begin` takes the line. */

import { speak } from './speak.mjs';

const pieceBytes = 64 * 1024;

speak({
  tools: {
    begin: {
      description: 'Begins',
      inputSchema: { type: 'object', properties: { line: { type: 'string' } } },
      call({ line }) {
        const piece = `${line}\n`.repeat(Math.ceil(pieceBytes / (line.length + 1)));
        const write = () => process.stdout.write(piece, write);
        setImmediate(write);
        return 'begun';
      },
    },
  },
});
