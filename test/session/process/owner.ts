/**
 * A program that owns server groups and is killed by tests: `owner.ts STATE_DIR MARK guarded|unguarded|last-words
 * PROGRAM…`. Says its pids as JSON when all servers answer; exits when it is spoken to.
 */

import { createGuard } from '../../../src/session/process/guard.ts';
import { createProcessRegistry } from '../../../src/session/process/registry.ts';
import { openStdioLink } from '../../../src/session/stdio/link.ts';
import { programPath } from './program-path.ts';

const [stateDir = '', mark = '', guarding = '', ...programs] = process.argv.slice(2);
const guard = createGuard({ shell: guarding === 'guarded' ? '/bin/sh' : '/no/shell' });
const registry = createProcessRegistry({ stateDir });

if (guarding === 'last-words') process.on('exit', () => registry.killAllNow());

/** Opens a server and resolves with its pid when it has answered and is on record. */
async function own(program: string, index: number): Promise<number> {
  const policy = {
    stop: { closeMs: 300, terminateMs: 400, killMs: 2_000 },
    maxMessageBytes: 1_000_000,
    stderrTailBytes: 1_000,
  };
  const command = { command: process.execPath, args: [programPath(program), mark], env: {}, cwd: '/' };
  let pid = 0;
  let isRecorded = () => {};
  const recorded = new Promise<void>((resolve) => {
    isRecorded = resolve;
  });
  const link = openStdioLink(
    { server: program, generation: index + 1, ...command, policy, registry, guard },
    (news) => {
      if (news.type === 'spawned') pid = news.pid ?? 0;
      else if (news.type === 'recorded') isRecorded();
    },
  );
  const answered = new Promise((resolve) => {
    link.transport.onmessage = resolve;
  });
  await link.transport.start();
  await link.transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
  await Promise.all([answered, recorded]);
  return pid;
}

const pids = await Promise.all(programs.map(own));
process.stdout.write(`${JSON.stringify({ pids, guard: guard.pid })}\n`);
process.stdin.on('data', () => process.exit(0));
