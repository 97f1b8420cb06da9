/** What it means that a message finds no room: the server's own share is full, or that of all servers together. */

import type { FailureClass } from '../../machines/failure.ts';
import type { Bound, BudgetLimits } from './budget.ts';

export interface NoRoom {
  /** A server whose own share is full sends too much at a time. When all is full, none is to blame for it alone. */
  readonly class: FailureClass;
  readonly code: 'BUFFER_FULL' | 'BUFFERS_FULL';
  readonly message: string;
}

export function noRoomFor(bound: Bound, { each, all }: BudgetLimits): NoRoom {
  return bound === 'server'
    ? {
        class: 'messageTooLarge',
        code: 'BUFFER_FULL',
        message: `The server sent more than there is room for: its unfinished messages may take ${each} bytes.`,
      }
    : {
        class: 'shortage',
        code: 'BUFFERS_FULL',
        message: `No room was left for what the server sent: unfinished messages of all servers may take ${all} bytes, and this one had the most.`,
      };
}
