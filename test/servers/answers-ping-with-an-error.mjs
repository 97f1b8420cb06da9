/** Alive, but knows no ping. */

import { speak } from './speak.mjs';

speak({
  methods: {
    ping: () => {
      throw { code: -32601, message: 'Method not found' };
    },
  },
});
