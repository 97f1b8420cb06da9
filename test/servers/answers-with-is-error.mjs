/** Every call of a tool is answered with a result that says it failed. */

import { speak } from './speak.mjs';

speak({
  methods: {
    'tools/call': ({ name }) => ({ content: [{ type: 'text', text: `${name} does not work` }], isError: true }),
  },
});
