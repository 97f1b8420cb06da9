/**
 * What the guard is told, a line each: `+ PID closeMs terminateMs killMs KEY START TIME` and `- PID` for a group,
 * `= KEY closeMs terminateMs killMs [WORD…]` and `~ KEY` for a mark, with the container of its server.
 */

import type { StopPolicy } from '../../../../machines/policy/policy.ts';

export interface GuardedGroup {
  /** The pid of the leader, which is the number of the group. */
  readonly pid: number;
  /** Null: unknown; the group is then ended by its number alone. */
  readonly startTime: string | null;
  readonly stop: StopPolicy;
  /** That of the mark of its processes. */
  readonly key: string;
}

/** A server that is about to be spawned. */
export interface ExpectedMark {
  /** What is in the server's environment beside our instance: `keyOf` of its mark. */
  readonly key: string;
  readonly stop: StopPolicy;
  /** The container that it runs. Null: none. */
  readonly container: GuardedContainer | null;
}

export interface GuardedContainer {
  /** The engine's program, and its own options, which say which daemon. */
  readonly program: string;
  readonly globals: readonly string[];
  /** The file into which the engine writes the id. */
  readonly idFile: string;
  /** Whether the guard removes that file with the container. */
  readonly isFileOurs: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function lineOf({ pid, startTime, stop, key }: GuardedGroup): string {
  return `+ ${pid} ${timesOf(stop)} ${key} ${startTime ?? '-'}`;
}

export function lineOfMark({ key, stop, container }: ExpectedMark): string {
  const words = container === null ? [] : wordsOf(container).map(encoded);
  return ['=', key, timesOf(stop), ...words].join(' ');
}

/** The shell calculates in whole numbers, and any other would end it with an error. */
function timesOf({ closeMs, terminateMs, killMs }: StopPolicy): string {
  return [closeMs, terminateMs, killMs].map(Math.ceil).join(' ');
}

function wordsOf({ program, globals, idFile, isFileOurs, cwd, env }: GuardedContainer): readonly string[] {
  const environment = Object.entries(env)
    .filter(([name, value]) => value !== undefined && engineVariables.test(name))
    .map(([name, value]) => `${name}=${value}`);
  return [isFileOurs ? 'ours' : 'its', idFile, cwd, ...environment, '-', program, ...globals];
}

/**
 * What engines go by: where they and their helpers are, whose settings they use, which daemon they speak to and how it
 * is reached. The rest, the server's own secrets among it, is none of the guard's business.
 */
const engineVariables =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|SSH_AUTH_SOCK|DBUS_SESSION_BUS_ADDRESS|(?:XDG|DOCKER|CONTAINERS?)_[A-Z0-9_]+|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy)$/;

/** As `printf %b` reads it, behind a dot, since words may be empty: there is no space or line break in it. */
function encoded(word: string): string {
  return `.${[...Buffer.from(word)]
    .map((byte) => (plainBytes.has(byte) ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`))
    .join('')}`;
}

const plainBytes: ReadonlySet<number> = new Set(
  Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/=:,@+'),
);
