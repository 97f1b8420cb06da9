/**
 * Supervises servers of its own, with the library from its sources (run it with tsx): one that ignores SIGTERM, and one
 * that leaves a daemon. Tool `restart`: restarts the latter. When stdin ends it closes them in order, then
 * itself. Arguments are passed on to them.
 */

import { fileURLToPath } from 'node:url';
import { createSupervisor } from '../../src/index.ts';
import { speak } from './speak.mjs';

const entryOf = (name) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), 'ignores-sigterm', ...process.argv.slice(2)],
  stop: { closeMs: 300, terminateMs: 300, killMs: 3_000 },
});
const supervisor = await createSupervisor({
  config: { mcpServers: { deaf: entryOf('ignores-sigterm'), leaver: entryOf('leaves-a-daemon') } },
});
await supervisor.ready();

const restart = async () => {
  await supervisor.send('leaver', { type: 'server.restart' });
  return 'restarted';
};
const close = async () => {
  await supervisor.close();
  process.exit(0);
};
speak({
  tools: { restart: { description: 'Restarts the one that leaves a daemon', call: restart } },
  onEnd: () => void close(),
});
