/**
 * Writes a lot to stderr, waiting until it is taken: once before it speaks, and again with the tool `flood`. Arguments:
 * bytes (2 MiB).
 */

import { writeSync } from 'node:fs';
import { speak } from './speak.mjs';

const line = Buffer.from(`${'noise '.repeat(20)}\n`);

function flood(bytes) {
  for (let written = 0; written < bytes; ) {
    try {
      written += writeSync(2, line);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
  process.stderr.write('the flood is over\n');
}

flood(Number(process.argv[2] ?? 2 * 1024 * 1024));
speak({
  tools: {
    flood: {
      description: 'Writes to stderr',
      call({ bytes }) {
        flood(bytes);
        return 'flooded';
      },
    },
  },
});
