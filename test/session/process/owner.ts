/**
 * A program that owns server groups and is killed by tests: `owner.ts STATE_DIR MARK HOW PROGRAM…`, where HOW is
 * `guarded`, `unguarded`, `last-words` (ends them when it exits), `in-the-gap` (dies with SIGKILL between the spawn of
 * a server and the moment its guard knows the group) or the path of the guard's shell. A program that begins with
 * `docker` is a command of its own. Says its pids as JSON when all servers answer; exits when it is spoken to.
 */

import { createGuard, type Guard } from '../../../src/session/process/guard/guard.ts';
import { createProcessRegistry } from '../../../src/session/process/registry.ts';
import { createStrays } from '../../../src/session/process/strays/strays.ts';
import { openStdioLink } from '../../../src/session/stdio/link.ts';
import { roomOf } from '../rooms.ts';
import { programPath } from './program-path.ts';

const [stateDir = '', mark = '', guarding = '', ...programs] = process.argv.slice(2);
const registry = createProcessRegistry({ stateDir });
const { instance } = registry;
const realGuard = createGuard({ instance, shell: shellOf(guarding) });
const guard: Guard =
  guarding === 'in-the-gap' ? { ...realGuard, add: () => void process.kill(process.pid, 'SIGKILL') } : realGuard;
const strays = createStrays({ instance, guard, tell: () => {}, onError: () => {}, stateDir });

if (guarding === 'last-words') {
  process.on('exit', () => {
    registry.killAllNow();
    strays.killNow();
  });
}

function shellOf(how: string): string {
  if (how.startsWith('/')) return how;
  return how === 'guarded' || how === 'in-the-gap' ? '/bin/sh' : '/no/shell';
}

function ownEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Opens a server and resolves with its pid when it has answered and is on record. */
async function own(program: string, index: number): Promise<number> {
  const [name = '', ...args] = program.split(' ');
  const policy = {
    stop: { closeMs: 300, terminateMs: 400, killMs: 2_000, strays: 'end' },
    maxMessageBytes: 1_000_000,
    stderrTailBytes: 1_000,
  } as const;
  const words = name === 'docker' ? [name, ...args] : [process.execPath, programPath(name), ...args];
  const [command = '', ...rest] = words;
  const line = { command, args: [...rest, mark], env: ownEnvironment(), cwd: '/' };
  let pid = 0;
  let isRecorded = () => {};
  const recorded = new Promise<void>((resolve) => {
    isRecorded = resolve;
  });
  const link = openStdioLink(
    { server: program, generation: index + 1, ...line, policy, secrets: [], registry, guard, strays, room: roomOf() },
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
process.stdout.write(`${JSON.stringify({ pids, guard: realGuard.pid })}\n`);
process.stdin.on('data', () => process.exit(0));
