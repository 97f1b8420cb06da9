/**
 * Tells everything it was given in confidence (variables and arguments that begin with `SECRET_`) wherever a server
 * has words: on stderr, in its introduction, in a tool it lists badly, in notifications and in answers. With the
 * argument `refuses` it answers `initialize` with an error that tells them, too. With `hides` it tells them split by
 * escape sequences, percent-encoded, and both.
 */

import { speak } from './speak.mjs';

const given = Object.entries(process.env).flatMap(([name, value]) => (name.startsWith('SECRET_') ? [value] : []));
const args = process.argv
  .slice(2)
  .flatMap((arg) => (arg.startsWith('SECRET_') ? [arg.slice(arg.indexOf('=') + 1)] : []));
const hiding = process.argv.includes('hides') ? hide : (secret) => secret;
const secrets = [...given, ...args].map(hiding).join(' ');
const inputSchema = { type: 'object' };
const refuses = process.argv.includes('refuses');

function hide(secret) {
  const split = [...secret].join('\u001b[1m');
  const encoded = [...secret].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('');
  return [split, encoded, encodeURIComponent(split), JSON.stringify(split)].join(' ');
}

process.stderr.write(`started with ${secrets}\n`);

const { notify, request } = speak({
  capabilities: { tools: {}, logging: {} },
  methods: {
    initialize({ protocolVersion }) {
      if (refuses) throw { code: -32_000, message: `not with ${secrets}`, data: secrets };
      return {
        protocolVersion,
        capabilities: { tools: {}, logging: {} },
        serverInfo: { name: 'talkative', version: '1', title: secrets },
        instructions: `use it with ${secrets}`,
      };
    },
    'tools/list': () => ({
      tools: [...['tell', 'fail', 'notify', 'ask', 'exit'].map((name) => ({ name, inputSchema })), { name: secrets }],
    }),
  },
  tools: {
    tell: {
      call: (_, { progress }) => {
        progress(1, 2, secrets);
        return secrets;
      },
    },
    fail: {
      call() {
        throw { code: -32_001, message: `failed with ${secrets}`, data: { secrets } };
      },
    },
    notify: {
      call() {
        notify('notifications/message', { level: 'info', data: secrets });
        notify(`notifications/${secrets}`, {});
        return 'notified';
      },
    },
    ask: { call: () => request(secrets, {}).then(String, ({ message }) => message) },
    exit: {
      call() {
        process.stderr.write(`gone because of ${secrets}\n`);
        process.exit(9);
      },
    },
  },
});
