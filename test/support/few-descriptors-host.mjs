/**
 * Embeds a supervisor with the configuration in the folder it is given; calls `leaky` 2 000 times, 40 at a time, and
 * after each call one of the others. Says `ready`, then how many answered.
 */

import { join } from 'node:path';
import { createSupervisor } from '../../dist/src/index.js';

const supervisor = await createSupervisor({ config: join(process.argv[2], 'mcp.json') });
await supervisor.ready();
process.stdout.write('ready\n');

const others = supervisor.status().servers.filter(({ name }) => name !== 'leaky');
const counts = { answered: 0, answeredByOthers: 0, failed: [] };
let calls = 0;
const call = (server, counted) =>
  supervisor.callTool(server, 'fill', { bytes: 10 }).then(
    () => {
      counts[counted] += 1;
    },
    (error) => counts.failed.push(error.message),
  );
const callInTurn = async () => {
  while (calls < 2_000) {
    calls += 1;
    const { name } = others[calls % others.length];
    await call('leaky', 'answered');
    await call(name, 'answeredByOthers');
  }
};
await Promise.all(Array.from({ length: 40 }, callInTurn));
counts.failed = counts.failed.slice(0, 3);
process.stdout.write(`${JSON.stringify(counts)}\n`);
process.stdin.on('end', () => void supervisor.close()).resume();
