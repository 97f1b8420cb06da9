/** Says megabytes of itself in its answer to `initialize`: in its `names`, `capabilities`, `instructions` or `version`. */

import { speak } from './speak.mjs';

const kind = process.argv[2];
const { SECRET = '' } = process.env;
const long = 'x'.repeat(8 * 1024 * 1024);
const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, { a: 'x' }]));

speak({
  methods: {
    initialize: ({ protocolVersion }) => ({
      protocolVersion: kind === 'version' ? `${SECRET}${long}` : protocolVersion,
      capabilities: { tools: {}, ...(kind === 'capabilities' && { experimental: many, ...many }) },
      serverInfo:
        kind === 'names' ? { name: `${SECRET}${long}`, version: long, icons: [many] } : { name: 'a', version: '1' },
      ...(kind === 'instructions' && { instructions: `${SECRET}${long}` }),
    }),
  },
});
