/** Does the handshake, then reads no more: what is sent to it piles up. Its output goes on. */

import { speak } from './speak.mjs';

const { notify } = speak({
  methods: {
    'tools/list': () => {
      // The listing is the last thing a client sends before its first call.
      process.stdin.pause();
      process.stdin.removeAllListeners('data');
      setInterval(() => notify('notifications/message', { level: 'info', data: 'still here' }), 200);
      return { tools: [{ name: 'unheard', inputSchema: { type: 'object' } }] };
    },
  },
});
