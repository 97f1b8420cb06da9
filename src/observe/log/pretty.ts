/** A log line for people: time, level and sentence, on one line whatever a server put into it. */

import { toVisible } from '../../text/visible-text.ts';
import type { LogLevel } from './level.ts';

export interface PrettyLine {
  readonly at: Date;
  readonly level: LogLevel;
  readonly sentence: string;
}

const colorsByLevel = { trace: 90, debug: 90, info: 39, warn: 33, error: 31 } satisfies Record<LogLevel, number>;

/** `14:03:07.512 warn  files: exited with code 1`, with its line break. The time is local. */
export function toPrettyLine({ at, level, sentence }: PrettyLine, colors: boolean): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  const clock = `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const text = `${level.padEnd(5)} ${toVisible(sentence).replaceAll(/[\n\t]/g, toWord)}`;
  return colors
    ? `\u001b[90m${clock}\u001b[39m \u001b[${colorsByLevel[level]}m${text}\u001b[39m\n`
    : `${clock} ${text}\n`;
}

/** A line of the log is one line. */
function toWord(space: string): string {
  return space === '\t' ? ' ' : '\\n';
}
