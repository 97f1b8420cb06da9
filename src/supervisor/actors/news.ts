/** Listens to what the actors emit. Their transitions are observed by `src/observe/facts/inspection.ts`. */

import type { ClientEmitted } from '../../../machines/client-process/events.ts';
import type { GroupEmitted, HolderEmitted } from '../../../machines/group/events.ts';
import { clientProcessId } from '../../../machines/ids.ts';
import type { ServerEmitted } from '../../../machines/server/events.ts';
import type { FactOfActor } from '../../observe/facts/fact.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import type { Inspection } from '../../observe/facts/inspection.ts';
import type { ServerLogs } from '../../observe/server-logs/server-logs.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { Commands } from '../commands/commands.ts';
import type { Desired } from '../desired/desired.ts';
import type { Ledger } from '../ledger.ts';
import type { Actors } from './system.ts';

export interface ActorListenerOptions {
  readonly actors: Actors;
  readonly commands: Pick<Commands, 'handle' | 'abandon'>;
  readonly desired: Pick<Desired, 'current'>;
  readonly facts: Pick<Facts, 'publish'>;
  readonly inspection: Inspection;
  readonly ledger: Ledger;
  readonly logs: Pick<ServerLogs, 'forget'>;
  /** The server is removed for good: nothing of it is to outlive this run. */
  readonly forget: (server: string) => void;
}

/** Turns what the charts emit into settled commands and facts. */
export function listenToActors({
  inspection,
  commands,
  facts,
  ledger,
  logs,
  desired,
  actors,
  forget,
}: ActorListenerOptions): void {
  const onServerEmitted = (server: string, emitted: ServerEmitted) => {
    if (emitted.type === 'command.accepted' || emitted.type === 'command.settled')
      return commands.handle(server, emitted);
    const generation = ledger.get(server)?.reported.generation ?? 0;
    facts.publish({ actor: `server:${server}`, generation, ...emitted });
  };
  const onGroupEmitted = (group: string, emitted: GroupEmitted) => {
    if (emitted.type === 'round.opened' || emitted.type === 'round.joined' || emitted.type === 'round.closed')
      return facts.publish({ actor: group, ...emitted });
    onHolderEmitted(emitted);
  };
  const onHolderEmitted = (emitted: HolderEmitted) => {
    const actor = `server:${emitted.server}`;
    if (emitted.type === 'actor.died') {
      facts.publish({ type: 'actor.died', actor, message: emitted.message });
      return commands.abandon(emitted.server, `its actor died: ${emitted.message}`);
    }
    facts.publish({ type: 'server.removed', actor });
    // A server that only moves to another group stays.
    if (desired.current.servers.has(emitted.server)) return;
    ledger.drop(emitted.server);
    logs.forget(emitted.server);
    forget(emitted.server);
  };
  inspection.onActor((actor, name) => {
    if (name.startsWith('server:')) {
      const server = name.slice('server:'.length);
      const specification = ledger.get(server)?.specification;
      if (specification !== undefined)
        facts.publish({
          type: 'server.added',
          actor: name,
          transport: transportWord(specification),
          group: specification.group,
        });
      actor.on('*', (emitted) => {
        inspection.catchUp(actor);
        onServerEmitted(server, emitted as ServerEmitted);
      });
    } else if (name === clientProcessId) {
      actor.on('*', (emitted) => {
        inspection.catchUp(actor);
        facts.publish({ actor: name, ...clientFactOf(emitted as ClientEmitted) });
      });
    } else if (name.startsWith('group:')) {
      actor.on('*', (emitted) => {
        inspection.catchUp(actor);
        onGroupEmitted(name, emitted as GroupEmitted);
      });
    }
  });
  actors.root.on('*', (emitted) => {
    if (emitted.type === 'client.died')
      return facts.publish({ type: 'actor.died', actor: clientProcessId, message: emitted.message });
    if (emitted.type !== 'group.died' && emitted.type !== 'group.removed') return onHolderEmitted(emitted);
    const actor = `group:${emitted.group}`;
    if (emitted.type === 'group.removed') return facts.publish({ type: 'group.removed', actor });
    facts.publish({ type: 'actor.died', actor, message: emitted.message });
    for (const server of emitted.servers) commands.abandon(server, `the actor of its group died: ${emitted.message}`);
  });
}

/** What a fact of it tells. */
function clientFactOf(emitted: ClientEmitted): FactOfActor {
  if (emitted.type === 'client.failed') return emitted;
  const { type, pid, adopted, sessions } = emitted;
  return { type, pid, adopted, sessions };
}

function transportWord({ transport }: ServerSpecification): string {
  return typeof transport === 'string' ? transport : transport.hosted;
}
