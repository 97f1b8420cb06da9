/** Formats and writes log lines, and counts those that were dropped. */

import pino from 'pino';
import { toVisible } from '../../text/visible-text.ts';
import { type LogTarget, openLogDestination } from './destination.ts';
import { type LogLevel, logLevels } from './level.ts';
import { toPrettyLine } from './pretty.ts';

export type LogFormat = 'pretty' | 'json';

export type LogFields = Readonly<Record<string, unknown>>;

/** One method per level, as pino has them. */
export type LogMethods = { readonly [Level in LogLevel]: (fields: LogFields, sentence: string) => void };

export interface LogLines {
  readonly logger: LogMethods;
  /** Lines dropped because the destination was too slow or is broken. */
  readonly droppedLines: number;
  close(): Promise<void>;
}

export interface LogLinesOptions {
  readonly destination?: LogTarget;
  readonly format?: LogFormat;
  readonly colors?: boolean;
  readonly maxBufferedBytes?: number;
  readonly onTrouble?: (error: Error | null) => void;
}

/** How long a destination that blocks may delay `close`, in milliseconds. */
const closeTimeoutMs = 1000;

const defaultMaxBufferedBytes = 1024 * 1024;

export function openLogLines({
  destination: target = 1,
  format,
  colors,
  maxBufferedBytes = defaultMaxBufferedBytes,
  onTrouble = () => {},
}: LogLinesOptions): LogLines {
  const destination = openLogDestination({ target, maxBufferedBytes, onTrouble });
  const toLine =
    (format ?? (destination.isTTY ? 'pretty' : 'json')) === 'pretty'
      ? createPrettyLines(colors ?? destination.isTTY)
      : createJsonLines();
  let droppedLines = 0;
  let untoldDrops = 0;

  /** Writes a line about the lines dropped so far, before the next one that gets through. */
  function reportDropped(): boolean {
    if (untoldDrops === 0) return true;
    const isTold = destination.write(
      toLine(
        'warn',
        { droppedLines: untoldDrops },
        `${untoldDrops} log lines were dropped: the destination is too slow, full or broken`,
      ),
    );
    if (isTold) untoldDrops = 0;
    return isTold;
  }

  function writeLine(line: string): void {
    if (reportDropped() && destination.write(line)) return;
    droppedLines += 1;
    untoldDrops += 1;
  }

  const toMethod = (level: LogLevel) => (fields: LogFields, sentence: string) =>
    writeLine(toLine(level, fields, sentence));
  return {
    logger: Object.fromEntries(logLevels.map((level) => [level, toMethod(level)])) as LogMethods,
    get droppedLines() {
      return droppedLines;
    },
    close: () => destination.close(closeTimeoutMs),
  };
}

type ToLine = (level: LogLevel, fields: LogFields, sentence: string) => string;

function createPrettyLines(colors: boolean): ToLine {
  return (level, { at }, sentence) =>
    toPrettyLine({ at: typeof at === 'string' ? new Date(at) : new Date(), level, sentence }, colors);
}

/** Pino makes the lines: `{"level":"info","time":"2026-…Z", …the fact's fields, "msg":"…"}`. */
function createJsonLines(): ToLine {
  let line = '';
  const catcher = {
    write(text: string) {
      line = text;
    },
  };
  const logger = pino(
    {
      level: 'trace',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    catcher,
  );
  return (level, fields, sentence) => {
    logger[level](fields, sentence);
    return toVisible(line);
  };
}
