/** What is wrong with the configuration file, or with the servers of the store, as alarms that stand until it is mended. */

import { type Problem, toLine } from '../../errors.ts';
import { toNameList } from '../../names.ts';
import type { OwnAlarms } from '../../observe/alarms/own-alarms.ts';

export interface FileTrouble {
  /** The file as it is now is not in force. */
  rejected(errors: readonly Problem[]): void;
  /** The file is in force, except for these entries. */
  accepted(refused: ReadonlyMap<string, readonly Problem[]>): void;
}

const mostLines = 5;

/** `clearedBy`: what mends it, in words. */
export function createFileTrouble(
  file: string | null,
  alarms: Pick<OwnAlarms, 'raise' | 'clear'>,
  clearedBy = 'an edit of the file without the mistakes',
): FileTrouble {
  const where = file ?? 'the configuration';
  return {
    rejected(errors) {
      alarms.raise('config-rejected', where, { reason: `${where} is not in force: ${wordsOf(errors)}`, clearedBy });
    },
    accepted(refused) {
      alarms.clear('config-rejected', where);
      if (refused.size === 0) return alarms.clear('entries-refused', where);
      const errors = [...refused.values()].flat().filter(({ severity }) => severity === 'error');
      const reason = `of ${where} these entries are not in force: ${toNameList([...refused.keys()].slice(0, mostLines))}${refused.size > mostLines ? ', and others' : ''}: ${wordsOf(errors)}`;
      alarms.raise('entries-refused', where, { reason, clearedBy });
    },
  };
}

function wordsOf(errors: readonly Problem[]): string {
  const others = errors.length - mostLines;
  return [...errors.slice(0, mostLines).map(toLine), ...(others > 0 ? [`and ${others} more`] : [])].join('; ');
}
