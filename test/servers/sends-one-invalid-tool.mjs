/**
 * Lists one good tool among bad ones: no input schema, no name, a name for the second time; and one that only looks
 * bad.
 */

import { speak } from './speak.mjs';

const inputSchema = { type: 'object' };

speak({
  methods: {
    'tools/list': () => ({
      tools: [
        { name: 'good', inputSchema, unknownField: 'kept' },
        { name: 'without-schema' },
        { name: '', inputSchema },
        { name: 'good', inputSchema, description: 'the second' },
        {
          name: 'odd-output',
          inputSchema,
          outputSchema: { type: 'object', properties: { deep: { $ref: '#/$defs/missing' }, any: true } },
        },
        'not a tool',
      ],
    }),
  },
});
