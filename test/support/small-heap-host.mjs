/**
 * Embeds a supervisor with the configuration in the folder it is given, and calls the server `sound` until there is a
 * verdict on each of the others. Says what became of everything, and how long the loop was blocked at most.
 */

import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createSupervisor } from '../../dist/src/index.js';

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const supervisor = await createSupervisor({ config: join(process.argv[2], 'mcp.json') });
await supervisor.ensureConnected(['sound'], { timeoutMs: 60_000 });

const others = () => supervisor.status().servers.filter(({ name }) => name !== 'sound');
const isJudged = ({ state, lastFailure }) => state === 'connected' || (lastFailure ?? null) !== null;
const failed = [];
let answered = 0;
while (!others().every(isJudged)) {
  await supervisor.callTool('sound', 'fill', { bytes: 10 }).then(
    () => {
      answered += 1;
    },
    (error) => failed.push(error.message),
  );
}
const verdicts = others().map(({ name, state, lastFailure, alarms }) => [
  name,
  [state, lastFailure?.message, ...alarms.map(({ reason }) => reason)].join('; '),
]);
const outcome = { answered, failed, worstMs: Math.round(delay.max / 1e6), verdicts: Object.fromEntries(verdicts) };
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.stdin.on('end', () => void supervisor.close()).resume();
