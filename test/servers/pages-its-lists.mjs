/**
 * Lists in pages of two; its resources give the same cursor again and again, its prompts never end, its templates are
 * refused.
 */

import { speak } from './speak.mjs';

const inputSchema = { type: 'object' };
const pages = {
  first: { tools: ['a', 'b'], nextCursor: 'second' },
  second: { tools: ['c', 'd'], nextCursor: 'third' },
  third: { tools: ['e'], nextCursor: null },
};

speak({
  capabilities: { tools: {}, resources: {}, prompts: {} },
  methods: {
    'tools/list': ({ cursor = 'first' }) => ({
      ...pages[cursor],
      tools: pages[cursor].tools.map((name) => ({ name, inputSchema })),
    }),
    'resources/list': ({ cursor }) => ({
      resources: [{ uri: `file:///${cursor ?? 'start'}`, size: 3 }],
      nextCursor: 'round',
    }),
    'prompts/list': ({ cursor = '0' }) => ({
      prompts: Array.from({ length: 1_000 }, (_, index) => ({ name: `prompt-${cursor}-${index}` })),
      nextCursor: String(Number(cursor) + 1),
    }),
    'resources/templates/list': () => {
      throw { code: -32601, message: 'Method not found' };
    },
  },
});
