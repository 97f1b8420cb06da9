/** Has numbers that no double holds: it sends ids of 64 bits, and says how the line of a call was written. */

import { speak } from './speak.mjs';

let lastLine = '';
process.stdin.on('data', (chunk) => {
  lastLine = String(chunk)
    .split('\n')
    .findLast((line) => line.includes('"tools/call"'));
});

const inputSchema = {
  type: 'object',
  properties: {
    thread_ts: { type: 'string' },
    user: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    id: { type: 'integer' },
    ratio: { type: 'number' },
    flag: { type: 'boolean' },
  },
};

speak({
  tools: { get: { description: 'Gets', inputSchema, call: () => '' } },
  methods: {
    'tools/call': (_, { id }) => {
      const text = JSON.stringify(lastLine);
      const structured = '{"id":1915883588174806058,"price":1.10,"list":[{"big":18446744073709551615}]}';
      process.stdout.write(
        `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":${text}}],"structuredContent":${structured},"_meta":{"whole":1.0}}}\n`,
      );
    },
  },
});
