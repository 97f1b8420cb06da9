/** Puts objects, and very deep lists, where texts belong: in errors, in the error of a list, and in content. */

import { speak } from './speak.mjs';

const object = { toString: 1, valueOf: 1 };
const levels = 100_000;

const { send } = speak({
  capabilities: { tools: {}, prompts: {} },
  tools: {
    deep: {},
    nested: {},
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
    if (method !== 'tools/call' || !['deep', 'nested'].includes(params.name)) return;
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const write = (rest) => process.stdout.write(`{"jsonrpc":"2.0",${rest}}\n`);
    const { progressToken } = params._meta ?? {};
    if (progressToken !== undefined)
      write(
        `"method":"notifications/progress","params":{"progressToken":${progressToken},"progress":1,"message":${deep}}`,
      );
    if (params.name === 'deep') write(`"id":${id},"error":{"code":-32000,"message":${deep},"data":${deep}}`);
    else write(`"id":${id},"result":{"content":[],"structuredContent":{"a":${deep}}}`);
    return 'ignore';
  },
});
send({ id: object, result: {} });
send({ id: object, method: 'ping' });
send({ method: object, params: {} });
