/**
 * Its tool `ask` asks the client for what its argument `method` says and answers with what came back; `ask-and-cancel`
 * takes its question back at once.
 */

import { speak } from './speak.mjs';

const heard = [];

const { request, notify, send } = speak({
  tools: {
    ask: {
      call: ({ method, params }) =>
        request(method, params).then(
          (result) => JSON.stringify({ result }),
          (error) => JSON.stringify({ error }),
        ),
    },
    'ask-and-cancel': {
      call: () => {
        send({ id: 'question', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } });
        notify('notifications/cancelled', { requestId: 'question' });
        return 'cancelled';
      },
    },
    heard: { call: () => JSON.stringify(heard) },
  },
  onMessage: (message) => heard.push(message.id ?? message.method),
});
