/**
 * `burst` sends its progress and its result in one chunk; `steady` reports every `everyMs`, `times` times, before it
 * answers; `unasked` reports under a token nobody gave.
 */

import { speak } from './speak.mjs';

const { notify } = speak({
  tools: {
    burst: {
      call: async ({ times }, { progress, message }) => {
        process.stdout.cork();
        for (let done = 1; done <= times; done += 1) progress(done, times, `step ${done}`);
        setImmediate(() => process.stdout.uncork());
        return JSON.stringify(message.params._meta ?? null);
      },
    },
    steady: {
      call: async ({ times, everyMs }, { progress }) => {
        for (let done = 1; done <= times; done += 1) {
          await new Promise((resolve) => setTimeout(resolve, everyMs));
          progress(done, times);
        }
        return 'done';
      },
    },
    unasked: {
      call: () => {
        for (const progressToken of [7, 'seven', 1_999_999_999])
          notify('notifications/progress', { progressToken, progress: 1 });
        notify('notifications/message', { level: 'info', data: 'a word' });
        return 'done';
      },
    },
  },
});
