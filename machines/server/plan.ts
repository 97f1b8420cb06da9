/** How a plan's new settings change a server's context. */

import type { ServerPolicy } from '../policy/policy.ts';
import type { ServerContext } from './context.ts';
import type { Next, Wanted } from './events.ts';
import { forgetFailures } from './life.ts';

export interface Configuration {
  readonly policy: ServerPolicy;
  /** The new settings need another process or connection. */
  readonly changed: boolean;
  /** The wish of a plan that adds, enables or disables the server; null: the operator's wish stays. */
  readonly wanted: Wanted | null;
  /** Of changed settings: whether it has been connected with these before. Default false. */
  readonly worked?: boolean;
}

/** Takes the new settings. A changed specification resets the counters; adding a name again cancels its removal. */
export function configure(context: ServerContext, configuration: Configuration): Partial<ServerContext> {
  const { policy, changed, wanted, worked = false } = configuration;
  const wish = wanted ?? context.wanted;
  const isNew = changed || wanted === 'up' || context.removing;
  const begins = policy.lazy
    ? isWaitedFor(context) || (context.heldAwake && (isNew || context.autostart))
    : isNew || context.policy.lazy;
  return {
    ...(changed ? { ...forgetFailures(context), worked, cutAtWork: 0 } : {}),
    policy,
    wanted: wish,
    removing: false,
    autostart: wish === 'up' && !context.shuttingDown && (begins || (context.autostart && !policy.lazy)),
  };
}

/** A caller, or a person whose command is open, waits for this lazy server. */
function isWaitedFor({ called, open }: ServerContext): boolean {
  return called || open.some(({ kind }) => kind !== 'stop');
}

/** While a session ends: a changed specification leads to a new start, unless the server was going to rest. */
export function nextAfterConfigure(context: ServerContext, { policy, changed, wanted }: Configuration): Next {
  if (context.shuttingDown || wanted === 'down') return 'idle';
  const returns = wanted === 'up' || context.removing;
  if (returns) return (wanted ?? context.wanted) === 'up' && !policy.lazy ? 'starting' : 'idle';
  // It was going to rest only because it was lazy.
  if (context.policy.lazy && !policy.lazy && context.wanted === 'up' && context.next === 'idle') return 'starting';
  return changed && context.next !== 'idle' ? 'starting' : context.next;
}
