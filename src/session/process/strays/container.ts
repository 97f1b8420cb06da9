/** A container that outlived the `docker run` or `podman run` that started it: looked at, told, and ended by its id. */

import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readOwnFile } from '../../../files/own-file.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { HuntParts, Quarry } from './hunt.ts';
import { watchUntilGone } from './watch.ts';

export interface Container {
  readonly program: string;
  readonly globals: readonly string[];
  readonly idFile: string;
  /** Undefined: ours. */
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly cwd: string;
  /** Longest time for an answer of the engine, in milliseconds: its daemon may hang. Default 10 000. */
  readonly answerMs?: number;
}

const lookMs = 200;

const execute = promisify(execFile);

/**
 * Resolves with whether it does not run any more: false of what survived SIGKILL or could not be ended, and of what is
 * only to be told. Rejects if the engine cannot be asked whether it runs.
 */
export async function endContainer(
  container: Container,
  { mark, stop, secrets }: Quarry,
  { tell, ...watching }: HuntParts,
): Promise<boolean> {
  const id = idIn(container.idFile);
  if (id === null) return true;
  const pid = await pidOf(container, id);
  if (pid === null) return true;
  const { server, generation } = mark;
  const command = `${container.program} container ${id.slice(0, 12)}`;
  tell({ type: 'found', server, generation, pid, command, policy: stop.strays, secrets: secrets ?? [] });
  const told = (): void => tell({ type: 'gone', server, pid });
  const what = `Container ${id.slice(0, 12)} of server "${server}"`;
  let isKilled = false;
  const signalIt = async (name: 'TERM' | 'KILL'): Promise<void> => {
    await ask(container, ['kill', '--signal', name, id]);
    isKilled ||= name === 'KILL';
  };
  const endInSteps = async (): Promise<boolean> => {
    await signalIt('TERM');
    if (await isGoneWithin(container, id, stop.terminateMs)) return true;
    await signalIt('KILL');
    return await isGoneWithin(container, id, stop.killMs);
  };
  if (stop.strays === 'end') {
    try {
      if (await endInSteps()) {
        told();
        return true;
      }
      watching.onError(`${what} survived SIGKILL.`);
    } catch (error) {
      // It was told, so somebody has to see when it is gone.
      watching.onError(`${what} could not be ended: ${wordsOf(error)}`);
    }
  }
  const isLeft = async (): Promise<boolean> => {
    if ((await pidOf(container, id)) === null) return false;
    if (stop.strays === 'end' && !isKilled) await signalIt('KILL');
    return true;
  };
  // It does not reject.
  void watchUntilGone(isLeft, { what, ...watching }).then((isGone) => isGone && told());
  return false;
}

/** Null: there is no id, so no container was created. */
function idIn(path: string): string | null {
  try {
    const id = readOwnFile(path).trim();
    return /^[0-9a-f]{12,64}$/.test(id) ? id : null;
  } catch {
    // It was never written, or somebody has removed it.
    return null;
  }
}

async function isGoneWithin(container: Container, id: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while ((await pidOf(container, id)) !== null) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    await delay(Math.min(lookMs, leftMs));
  }
  return true;
}

/** The pid of its first process; null: it does not run. */
async function pidOf(container: Container, id: string): Promise<number | null> {
  const pid = Number(await ask(container, ['inspect', '--format', '{{.State.Pid}}', id]));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

/** What the engine answers; empty when it refuses, as for a container that is gone. Rejects if it cannot be asked. */
async function ask(
  { program, globals, env, cwd, answerMs = 10_000 }: Container,
  args: readonly string[],
): Promise<string> {
  try {
    const { stdout } = await execute(program, [...globals, ...args], {
      env,
      cwd,
      timeout: answerMs,
      killSignal: 'SIGKILL',
      maxBuffer: 65_536,
    });
    return stdout.trim();
  } catch (error) {
    // An exit code is an answer; without one the program is missing, or hung.
    if (error instanceof Error && 'code' in error && typeof error.code === 'number') return '';
    throw error;
  }
}
