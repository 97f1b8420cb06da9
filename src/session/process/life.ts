/**
 * When a process and its group are gone. The system's `exit` decides, never a closed pipe, which a grandchild may keep
 * open for ever.
 */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { type Failure, failure } from '../../../machines/failure.ts';
import type { Ending } from '../ending.ts';
import { findLiveMember, knownMember } from './group.ts';

export interface LifeWatcher {
  /**
   * Receives `failed` when the living process closes a pipe, `gone` as soon as the system tells of its exit, `exited`
   * when a moment later its group or its pipes are still there, and `ended`, exactly once and last, when no member of the group lives and its output
   * has been read.
   */
  readonly ending: Ending;
  /** Called right before `ended`. */
  readonly onGone: () => void;
}

/**
 * Time after the exit, or after the end of stdout, in which related news is combined into one failure, in milliseconds.
 */
const settleMs = 20;
/**
 * Time after the exit in which the pipes may be read to their end, in milliseconds; a process that holds them open
 * longer is not in our group.
 */
const drainMs = 100;
/** A group without its leader is checked after this time, then less and less often, in milliseconds. */
const firstLookMs = 10;
const lastLookMs = 50;

/** Watches a child that was spawned as leader of its own group. Everything is released with `ended`. */
export function watchLife(child: ChildProcessWithoutNullStreams, pid: number, { ending, onGone }: LifeWatcher): void {
  let exitedAtMs: number | null = null;
  let isExitReported = false;
  let hasEnded = false;
  let member: number | 'none' = pid;
  let isSearching = false;
  let lookMs = firstLookMs;
  let timer: NodeJS.Timeout | undefined;
  let stdinTimer: NodeJS.Timeout | undefined;

  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
    onGone();
    ending.tell({ type: 'ended', failure: exitOf(child) });
  };

  const look = (): void => {
    clearTimeout(timer);
    if (hasEnded || exitedAtMs === null || isSearching) return;
    const known = member === 'none' ? member : knownMember(pid, member);
    if (known !== null) {
      judge(known, exitedAtMs);
      return;
    }
    isSearching = true;
    const since = exitedAtMs;
    // It does not reject.
    void findLiveMember(pid).then((found) => {
      isSearching = false;
      judge(found, since);
    });
  };

  const judge = (found: number | 'none', since: number): void => {
    member = found;
    const sinceExitMs = performance.now() - since;
    const isRead = child.stdout.closed && (child.stderr.closed || sinceExitMs >= settleMs);
    if (member === 'none' && isRead) {
      end();
      return;
    }
    if (!isExitReported && sinceExitMs >= settleMs) {
      isExitReported = true;
      ending.tell({ type: 'exited', failure: exitOf(child) });
    }
    // When the loop was late, timers run before input: one more turn reads the last output.
    if (member === 'none' && sinceExitMs >= drainMs) {
      setImmediate(end);
      return;
    }
    timer = setTimeout(look, sinceExitMs < settleMs ? settleMs - sinceExitMs : lookMs);
    if (sinceExitMs >= settleMs) lookMs = Math.min(lookMs * 1.5, lastLookMs);
  };

  const close = (pipe: 'stdin' | 'stdout'): void =>
    ending.tell({ type: 'failed', failure: failure('disconnected', `The server closed its ${pipe} and lives on.`) });

  child.once('exit', () => {
    exitedAtMs = performance.now();
    const { exitCode, signalCode: signal } = child;
    ending.tell({ type: 'gone', exitCode, signal });
    ending.learn(exitOf(child));
    clearTimeout(timer);
    clearTimeout(stdinTimer);
    // It may have been paused, and could not end then.
    child.stdout.resume();
    look();
  });
  child.stdout.once('close', () => {
    if (exitedAtMs === null) timer = setTimeout(close, settleMs, 'stdout');
    else look();
  });
  // The write that finds a broken pipe reports it. The death of the process breaks the pipe, too, and is the better
  // news.
  child.stdin.once('error', () => {
    if (exitedAtMs === null) stdinTimer = setTimeout(close, settleMs, 'stdin');
  });
  child.stderr.once('close', look);
}

function exitOf({ exitCode, signalCode: signal }: ChildProcessWithoutNullStreams): Failure {
  const message = signal === null ? `The server exited with code ${exitCode}.` : `The server was ended by ${signal}.`;
  return failure('exited', message, { exitCode, signal });
}
