/** One line of a server's log, and its form on disk: `2026-01-31T12:00:00.000Z stderr listening on stdio`. */

/** `stderr`: what the server wrote there. `protocol`: what was odd about what it said on the wire. */
export const logStreams = ['stderr', 'protocol'] as const;

export type LogStream = (typeof logStreams)[number];

export interface LogLine {
  /** UTC ISO 8601 with milliseconds. */
  readonly at: string;
  readonly stream: LogStream;
  /** Redacted, without a line break. */
  readonly text: string;
}

/** Delivered to a reader in place of the lines it was too slow for. */
export interface LinesMissed {
  readonly type: 'lines.missed';
  readonly count: number;
}

/** `s`: a carriage return or U+2028 within the text is no end of the line. */
const written = new RegExp(`^(\\d{4}-\\S+Z) (${logStreams.join('|')}) (.*)$`, 's');

/** With its line break. */
export function toWritten({ at, stream, text }: LogLine): string {
  return `${at} ${stream} ${text}\n`;
}

/** Null: not a line of ours, or only the end of one. */
export function parseWritten(line: string): LogLine | null {
  const [, at, stream, text] = written.exec(line) ?? [];
  if (at === undefined || stream === undefined || text === undefined) return null;
  return { at, stream: stream as LogStream, text };
}

/** About what a line takes in memory, in bytes: its characters and the objects around them. */
export function sizeOf({ text }: LogLine): number {
  return text.length + 128;
}
