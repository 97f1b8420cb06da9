/** Says on stderr why it ends, whatever ends it, and exits with the code 7. `says-farewell HOW`: `deaf` ends never. */

import { speak } from './speak.mjs';

const [how] = process.argv.slice(2);

const end = (why) => {
  process.stderr.write(`farewell: ${why}\n`);
  if (how !== 'deaf') process.exit(7);
};

if (how === 'deaf') setInterval(() => {}, 1_000);
process.on('SIGTERM', () => end('terminated'));
speak({
  onEnd: () => end('stdin ended'),
  tools: {
    freeze: {
      call() {
        process.stderr.write('frozen\n');
        for (;;);
      },
    },
  },
  onMessage: ({ method }) => (how === 'silent' && method === 'initialize' ? 'ignore' : undefined),
});
