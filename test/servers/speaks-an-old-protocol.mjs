/**
 * Speaks the first protocol version, and introduces itself as sloppily as servers of that time: no version, null for a
 * capability it lacks. `node … VERSION` speaks another one.
 */

import { speak } from './speak.mjs';

const protocolVersion = process.argv[2] ?? '2024-10-07';

speak({
  methods: {
    initialize: () => ({ protocolVersion, capabilities: { tools: {}, prompts: null }, serverInfo: { name: 'old' } }),
  },
});
