/** Sends a command and waits until it has settled, or as long as the caller has time. */

import { longestDelayMs } from '../../../machines/delay.ts';
import type { TimerClock } from '../../clock.ts';
import { McpvisorError } from '../../errors.ts';
import { onAbort } from '../../on-abort.ts';
import type { CommandOutcome, ServerStatus, Supervisor } from '../contract.ts';
import type { Commands } from './commands.ts';

export interface SendingOptions {
  readonly commands: Pick<Commands, 'post'>;
  readonly statusOf: (server: string) => ServerStatus;
  readonly timers: TimerClock;
}

export function createSending({ commands, statusOf, timers }: SendingOptions): Supervisor['send'] {
  return async (server, event, { timeoutMs, signal } = {}) => {
    const { type: command } = event;
    const cancelled = () => new McpvisorError('CALL_CANCELLED', { server, method: command });
    // The caller has given up: send nothing.
    if (signal?.aborted === true) throw cancelled();
    const { commandId, kept, settled } = commands.post(server, event);
    const isKept = kept();
    return await new Promise<CommandOutcome>((resolve, reject) => {
      const finish = (end: () => void) => {
        timers.clearTimeout(timer);
        forgetSignal?.();
        end();
      };
      const onTimeout = (limitMs: number) => {
        const details = { server, command, commandId, timeoutMs: limitMs, serverStatus: statusOf(server) };
        finish(() => reject(new McpvisorError('COMMAND_TIMED_OUT', details)));
      };
      const timer =
        timeoutMs === undefined
          ? undefined
          : timers.setTimeout(() => onTimeout(timeoutMs), Math.min(timeoutMs, longestDelayMs));
      const cancel = () => finish(() => reject(cancelled()));
      const forgetSignal = signal === undefined ? null : onAbort(signal, cancel);
      settled.then(
        // Who is answered may rely on it, also after a SIGKILL. It never rejects.
        (outcome) => void isKept.then(() => finish(() => resolve(outcome))),
        (error: unknown) => finish(() => reject(error)),
      );
    });
  };
}
