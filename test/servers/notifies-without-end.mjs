/** Its tool `flood` sends `count` notifications and requests as fast as they can be written, and then answers. */

import { setImmediate } from 'node:timers/promises';
import { speak } from './speak.mjs';

const atOnce = 500;

const { notify, request } = speak({
  tools: {
    flood: {
      call: async ({ count }) => {
        for (let sent = 0; sent < count; sent += 1) {
          notify('notifications/message', { level: 'info', data: sent });
          if (sent % 10 === 0) request('roots/list', {}).catch(() => null);
          if (sent % atOnce === 0) await setImmediate();
        }
        return 'sent';
      },
    },
  },
});
