/**
 * Has a resource that counts: a subscription to it is answered by an update at once; and a template, a prompt, and
 * instructions.
 */

import { speak } from './speak.mjs';

let reads = 0;

const { notify } = speak({
  methods: {
    initialize: ({ protocolVersion }) => ({
      protocolVersion,
      capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {} },
      serverInfo: { name: 'counter', version: '1' },
      instructions: 'Read it to count.',
    }),
    'resources/list': () => ({ resources: [{ uri: 'count:///reads', name: 'reads', annotations: { priority: 1 } }] }),
    'resources/templates/list': () => ({ resourceTemplates: [{ uriTemplate: 'count:///{name}', name: 'any' }] }),
    'resources/read': ({ uri, _meta }) => {
      if (uri !== 'count:///reads') throw { code: -32_002, message: 'Resource not found', data: { uri } };
      reads += 1;
      return { contents: [{ uri, text: String(reads) }], _meta };
    },
    'resources/subscribe': ({ uri }) => {
      setImmediate(notify, 'notifications/resources/updated', { uri });
      setImmediate(notify, 'notifications/message', { level: 'info', logger: 'counter', data: 'subscribed' });
      return {};
    },
    'prompts/list': () => ({ prompts: [{ name: 'greet', arguments: [{ name: 'who', required: true }] }] }),
    'prompts/get': ({ name, arguments: { who } }) => ({
      description: name,
      messages: [{ role: 'user', content: { type: 'text', text: `Hello ${who}` } }],
    }),
  },
});
