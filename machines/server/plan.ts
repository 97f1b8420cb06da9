/** What a plan's new settings do to a server's memory. */

import type { ServerPolicy } from '../policy.ts';
import type { Next, ServerContext, Wanted } from './events.ts';
import { forgetFailures } from './life.ts';

export interface Configuration {
  readonly policy: ServerPolicy;
  /** The process or the connection is another one now. */
  readonly changed: boolean;
  /** What a plan that adds, enables or disables wishes; null leaves the operator's wish alone. */
  readonly wanted: Wanted | null;
}

/** Takes the new settings. A changed specification resets the counts; adding a name again cancels its removal. */
export function configure(context: ServerContext, { policy, changed, wanted }: Configuration): Partial<ServerContext> {
  const wish = wanted ?? context.wanted;
  const isNew = changed || wanted === 'up' || context.removing;
  const begins = policy.lazy
    ? isWaitedFor(context) || (context.heldAwake && (isNew || context.autostart))
    : isNew || context.policy.lazy;
  return {
    ...(changed ? forgetFailures(context) : {}),
    policy,
    wanted: wish,
    removing: false,
    autostart: wish === 'up' && !context.shuttingDown && (begins || (context.autostart && !policy.lazy)),
  };
}

/** Somebody waits for this lazy server: a caller, or the sender of an open command. */
function isWaitedFor({ called, open }: ServerContext): boolean {
  return called || open.some(({ kind }) => kind !== 'stop');
}

/** While a session ends: a changed specification starts again, unless the server was to rest. */
export function nextAfterConfigure(context: ServerContext, { policy, changed, wanted }: Configuration): Next {
  if (context.shuttingDown || wanted === 'down') return 'idle';
  const returns = wanted === 'up' || context.removing;
  if (returns) return (wanted ?? context.wanted) === 'up' && !policy.lazy ? 'starting' : 'idle';
  // It was to rest because it was lazy.
  if (context.policy.lazy && !policy.lazy && context.wanted === 'up' && context.next === 'idle') return 'starting';
  return changed && context.next !== 'idle' ? 'starting' : context.next;
}
