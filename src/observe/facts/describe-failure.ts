/** A failure in one sentence for people. Programs decide by its fields. */

import type { Failure, FailureClass, Phase } from '../../../machines/failure.ts';

/** Longest piece of a server's own words in a sentence, in characters: enough for a stack trace's first line. */
const maxQuoteLength = 400;

const classWords = {
  exited: (failure) => endOf(failure) ?? 'exited',
  spawnFailed: ({ code }) => `could not be started${inBrackets(code)}`,
  shortage: ({ code }) => `could not be started for now${inBrackets(code)}`,
  handshakeFailed: ({ code }) => `did not complete the MCP handshake${inBrackets(code)}`,
  protocolUnsupported: () => 'speaks no protocol version in common',
  timedOut: () => 'took too long',
  hung: () => 'stopped answering',
  sessionLost: ({ code }) => `lost the session${inBrackets(code)}`,
  disconnected: ({ code }) => `closed the connection${inBrackets(code)}`,
  unreachable: ({ code }) => `cannot be reached${inBrackets(code)}`,
  unauthorized: ({ code }) => `wants authorization${inBrackets(code)}`,
  messageTooLarge: () => 'sent a message that is too large',
  clientLost: () => 'went down with the client process',
  internal: () => 'hit a bug in mcpvisor',
  misconfigured: () => 'is not configured correctly',
} satisfies Record<FailureClass, (failure: Failure) => string>;

const phaseWords = {
  spawning: ' while starting',
  initializing: ' during the handshake',
  listing: ' while listing what it has',
  connected: '',
  stopping: ' while stopping',
} satisfies Record<Phase, string>;

/**
 * `exited with code 1 during the handshake: Error: Cannot find module 'left-pad'`: what happened, in which phase, and
 * the last line the server wrote, or our own message.
 */
export function describeFailure(failure: Failure): string {
  const { class: failureClass, phase, message, signal, exitCode } = failure;
  const words = `${classWords[failureClass](failure)}${phase === null ? '' : phaseWords[phase]}`;
  const end = failureClass === 'exited' || (exitCode === null && signal === null) ? '' : `, then ${endOf(failure)}`;
  const lastLine = failure.stderrTail.findLast((line) => line.trim() !== '')?.trim();
  const detail = failureClass === 'exited' ? lastLine : message.trim();
  const stderr =
    failureClass === 'exited' || lastLine === undefined ? '' : ` — last line on stderr: ${quote(lastLine)}`;
  return `${words}${end}${detail === undefined || detail === '' ? '' : `: ${quote(detail)}`}${stderr}`;
}

function endOf({ exitCode, signal }: Failure): string | null {
  if (signal !== null) return `was ended by ${signal}`;
  return exitCode === null ? null : `exited with code ${exitCode}`;
}

function inBrackets(code: string | number | null): string {
  return code === null ? '' : ` (${code})`;
}

function quote(text: string): string {
  return text.length <= maxQuoteLength ? text : `${text.slice(0, maxQuoteLength)}…`;
}
