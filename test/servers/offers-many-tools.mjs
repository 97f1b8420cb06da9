/** Offers so many tools, with names as long as they may be kept: `COUNT LENGTH`. */

import { speak } from './speak.mjs';

const [count, length] = process.argv.slice(2).map(Number);

speak({
  methods: {
    'tools/list': () => ({
      tools: Array.from({ length: count }, (_, index) => ({
        name: `tool-${index}-${'n'.repeat(length)}`,
        inputSchema: { type: 'object' },
      })),
    }),
  },
});
