/**
 * Answers `initialize`, `tools/list` or `tools/call` in a way that is no answer: `says-something-else METHOD HOW`, with
 * `unended` (no line end), `plain` (lines that are no JSON), `framed` (Content-Length), `unknown` (another id), `stderr`
 * or `nothing`. Everything else is answered well.
 */

import { speak } from './speak.mjs';

const [method, how] = process.argv.slice(2);

const ways = {
  unended: ({ id }) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: {} })),
  plain: () => process.stdout.write('Listening on port 3000 \u001b[32m✔\n'),
  framed({ id }) {
    const body = JSON.stringify({ jsonrpc: '2.0', id, result: {} });
    process.stdout.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
  },
  unknown: () => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'another', result: {} })}\n`),
  stderr: () => process.stderr.write('waiting for the licence server\n'),
  nothing: () => {},
};

speak({
  tools: { wait: { call: () => 'never' } },
  onMessage: (message) => {
    if (message.method !== method) return undefined;
    ways[how](message);
    return 'ignore';
  },
});
