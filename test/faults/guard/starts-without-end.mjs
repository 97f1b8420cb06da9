/**
 * A host that starts its servers again and again, to be killed: `starts-without-end.mjs MARK shells|programs`. The
 * shells never answer, cost next to nothing and are replaced as soon as they run, so that there is hardly a moment in
 * which none is being spawned; the programs are MCP servers. Says `begun`, then the id of each process that it is told
 * of. Without a state directory: only its guard ends what it leaves.
 */

import { fileURLToPath } from 'node:url';
import { createSupervisor } from 'mcpvisor';

const [mark, kind] = process.argv.slice(2);
const say = (word) => process.stdout.write(`${word}\n`);

// A shell with a child, both deaf to everything but SIGKILL.
const shell = { command: '/bin/sh', args: ['-c', 'trap "" TERM; sleep 1000; exit 1'], stop: { closeMs: 0 } };
const shells = Array.from({ length: 8 }, () => shell);
const programs = ['speak', 'ignores-eof-behind-a-wrapper', 'ignores-sigterm', 'leaves-a-daemon'].map((program) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL(`../../servers/${program}.mjs`, import.meta.url))],
}));
const entries = kind === 'shells' ? shells : programs;
const mcpServers = Object.fromEntries(
  entries.map((entry, index) => [`server ${index}`, { ...entry, env: { FAULTS: mark } }]),
);

say('begun');
const supervisor = await createSupervisor({
  config: {
    mcpServers,
    mcpvisor: {
      stop: { closeMs: 50, terminateMs: 100, killMs: 2_000 },
      restart: { intensity: 0, maxConsecutive: 0 },
    },
  },
});

// A restart of one that is restarted takes the place of the one before.
const restart = (server) => void supervisor.send(server, { type: 'server.restart' }).catch(() => undefined);

for await (const { type, actor, pid, to } of supervisor.facts({ since: 0 })) {
  if (type === 'process.spawned') say(pid);
  const isUp = kind === 'shells' ? type === 'process.spawned' : String(to).startsWith('connected');
  if (isUp) restart(actor.slice('server:'.length));
}
