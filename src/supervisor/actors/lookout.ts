/** The actor that looks for what a resting server lacks, each time its chart says so. */

import { fromCallback } from 'xstate';
import { missingSecretCode } from '../../../machines/failure.ts';
import type { LookOrder, LookoutInput } from '../../../machines/server/looking.ts';
import { isRunnable } from '../../session/process/lack.ts';
import type { Ledger, ServerEntry } from '../ledger.ts';
import type { Moments } from './moments.ts';
import type { Expansions } from './session/expansions.ts';
import type { LaunchSpecification } from './session/launch.ts';

export interface LookoutParts {
  readonly ledger: Ledger;
  readonly launch: LaunchSpecification;
  readonly expansions: Expansions;
  readonly moments: Moments;
}

export function createLookout({ ledger, launch, expansions, moments }: LookoutParts) {
  /** Servers that could not be started although nothing is missing: they are tried once more, not for ever. */
  const tried = new WeakSet<ServerEntry>();

  /** Whether the command of this server can be run now. Never rejects. */
  async function isThere({ specification }: ServerEntry): Promise<boolean> {
    const launched = launch(specification);
    if ('failure' in launched || launched.specification.target.kind !== 'stdio') return false;
    return await isRunnable(launched.specification.target);
  }

  /** Another reason why it cannot be started is told by the start. */
  function hasSecrets({ specification }: ServerEntry): boolean {
    const launched = launch(specification);
    return !('failure' in launched) || launched.failure.code !== missingSecretCode;
  }

  async function lookForCommand(entry: ServerEntry, wasThere: Promise<boolean>): Promise<boolean> {
    if (!(await isThere(entry))) {
      tried.delete(entry);
      return false;
    }
    if (!(await wasThere)) return true;
    if (tried.has(entry)) return false;
    tried.add(entry);
    return true;
  }

  return fromCallback<LookOrder, LookoutInput>(({ input: { server, sought }, sendBack, receive }) => {
    const entry = ledger.get(server);
    if (entry === undefined) return;
    const wasThere = sought === 'command' ? isThere(entry) : Promise.resolve(false);
    let isOver = false;
    const tellFound = () => {
      if (!isOver) sendBack({ type: 'look.found', ...moments.next() });
    };
    receive(() => {
      if (sought === 'command') void lookForCommand(entry, wasThere).then((found) => found && tellFound());
      else if (sought === 'secret' ? hasSecrets(entry) : expansions.hasChanged(entry)) tellFound();
    });
    return () => {
      isOver = true;
    };
  });
}
