/** Before each answer it sends answers to questions that nobody asked. */

import { speak } from './speak.mjs';

const { send } = speak({
  tools: {
    confused: {
      call: () => {
        for (const id of [4_711, 1_999_999_999, 'a-word', null]) send({ id, result: { content: [] } });
        send({ id: null, error: { code: -32700, message: 'Parse error' } });
        return 'answered';
      },
    },
  },
});
