/** Puts objects, and very deep lists, where texts belong: in errors, in the error of a list, and in content. */

import { speak } from './speak.mjs';

const object = { toString: 1, valueOf: 1 };
const levels = 100_000;

const { send } = speak({
  capabilities: { tools: {}, prompts: {} },
  tools: {
    deep: {},
    object: {
      call() {
        throw { code: -32_000, message: object, data: object };
      },
    },
    content: {
      call: () => ({ content: [{ type: object, data: 'aa', mimeType: object }, { resource: { uri: object } }] }),
    },
  },
  methods: {
    'prompts/list': () => {
      throw { code: object, message: object };
    },
  },
  onMessage({ id, method, params }) {
    if (method !== 'tools/call' || params.name !== 'deep') return;
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":${deep},"data":${deep}}}\n`);
    return 'ignore';
  },
});
send({ id: object, result: {} });
send({ id: object, method: 'ping' });
send({ method: object, params: {} });
