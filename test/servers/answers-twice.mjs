/** Answers each call twice, differently. */

import { speak } from './speak.mjs';

const { send } = speak({
  tools: {
    twice: {
      call: (_, { message }) => {
        const answer = (text) => send({ id: message.id, result: { content: [{ type: 'text', text }] } });
        answer('first');
        answer('second');
        // Past the end of this call `speak` would answer a third time.
        return new Promise(() => {});
      },
    },
  },
});
