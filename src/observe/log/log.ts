/** The log: a listener to the facts that writes a line for each one at or above its level. */

import { describeFact } from '../facts/describe.ts';
import type { Fact } from '../facts/fact.ts';
import type { Facts } from '../facts/facts.ts';
import type { Redactor } from '../secrets/redact.ts';
import type { LogTarget } from './destination.ts';
import { isAtLeast, type LogLevel, levelOf, typesFrom } from './level.ts';
import { type LogFields, type LogFormat, type LogMethods, openLogLines } from './lines.ts';

export interface LogOptions {
  readonly facts: Pick<Facts, 'subscribe'>;
  readonly redactor: Redactor;
  /** Default `info`; `silent` writes nothing. */
  readonly level?: LogLevel | 'silent';
  /**
   * A host's own logger: pino, or any with its five methods, used instead of `destination` and `format`. It is called
   * synchronously for each fact, so it should not block.
   */
  readonly logger?: LogMethods;
  /** Default 1, stdout. */
  readonly destination?: LogTarget;
  /** Default: `pretty` on a terminal, else `json`. */
  readonly format?: LogFormat;
  /** Default: on a terminal only. */
  readonly colors?: boolean;
  /** Bytes that a slow destination may leave unwritten before lines are dropped. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** Called with the first error of the destination, and with null once it works again. Default: ignored. */
  readonly onTrouble?: (error: Error | null) => void;
}

export interface Log {
  /** Lines dropped because the destination was too slow or is broken. */
  readonly droppedLines: number;
  /** Writes a line that is not a fact, such as a server's stderr. Throws only what a host's logger throws. */
  write(level: LogLevel, fields: LogFields, sentence: string): void;
  /** Flushes the buffer for at most a second, and closes what was opened here. May be called twice. */
  close(): Promise<void>;
}

export function createLog({ facts, redactor, level = 'info', ...rest }: LogOptions): Log {
  const lines =
    rest.logger === undefined ? openLogLines(rest) : { logger: rest.logger, droppedLines: 0, close: async () => {} };
  const isWanted = (candidate: LogLevel): boolean => level !== 'silent' && isAtLeast(candidate, level);

  function write(lineLevel: LogLevel, fields: LogFields, sentence: string): void {
    if (isWanted(lineLevel)) lines.logger[lineLevel](redactor.value(fields) as LogFields, redactor.text(sentence));
  }

  function writeFact(fact: Fact): void {
    const factLevel = levelOf(fact);
    if (!isWanted(factLevel)) return;
    // Redacted before it is described: a sentence shortens what servers say, and half a secret is not recognised.
    const clean = redactor.value(fact) as Fact;
    lines.logger[factLevel]({ ...clean }, redactor.text(describeFact(clean)));
  }

  const unsubscribe = facts.subscribe(writeFact, level === 'silent' ? [] : typesFrom(level));
  return {
    get droppedLines() {
      return lines.droppedLines;
    },
    write,
    async close() {
      unsubscribe();
      await lines.close();
    },
  };
}
