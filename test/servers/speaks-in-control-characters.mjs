/** Every word it says moves a cursor, sets a title, reorders text, hides something or sets colours. */

import { speak } from './speak.mjs';

const words =
  'A\u001b[2J\u001b]0;title\u0007B\u009b1;1H\u0085C\u202eD\u2066E\u2069F\u2028G\u2029H\u200bI\u{e0041}J\u007fK\rL\bM\u0000N\u061cO\u001b[8mP\u001b[38;5;9mQ\u001b[38:2::1:2:3mR\u001b[0mS\u001b[31mT';

process.stderr.write(`${words}\n`);
const { notify } = speak({
  name: words,
  version: words,
  capabilities: { tools: {}, logging: {} },
  tools: {
    [words]: { description: words, inputSchema: { type: 'object', properties: { [words]: {} } }, call: () => words },
    say: {
      description: words,
      call(_, { progress }) {
        progress(1, 2, words);
        process.stderr.write(`${words}\n`);
        return words;
      },
    },
    refuse: { description: words, call: () => ({ isError: true, content: [{ type: 'text', text: words }] }) },
    structure: { description: words, call: () => ({ content: [], structuredContent: { [words]: words } }) },
    link: { description: words, call: () => ({ content: [{ type: 'resource_link', uri: words, name: words }] }) },
    throw: {
      description: words,
      call() {
        throw { code: -32000, message: words, data: { [words]: words } };
      },
    },
    die: {
      description: words,
      call() {
        process.stderr.write(`${words}\n`);
        process.exit(3);
      },
    },
  },
  methods: { 'logging/setLevel': () => ({}) },
});
notify('notifications/message', { level: 'error', logger: words, data: words });
process.stdout.write(`${words}\n`);
