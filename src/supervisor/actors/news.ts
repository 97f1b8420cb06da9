/** What is heard of actors, beside the steps they take. */

import type { GroupEmitted } from '../../../machines/group/events.ts';
import type { ServerEmitted } from '../../../machines/server/events.ts';
import type { Facts } from '../../observe/facts/facts.ts';
import type { Inspection } from '../../observe/facts/inspection.ts';
import type { ServerLogs } from '../../observe/server-logs/server-logs.ts';
import type { ServerSpecification } from '../../specification.ts';
import type { Commands } from '../commands/commands.ts';
import type { Desired } from '../desired/desired.ts';
import type { Ledger } from '../ledger.ts';
import { type Actors, isHeld } from './system.ts';

export interface NewsOptions {
  readonly actors: Actors;
  readonly commands: Pick<Commands, 'hear' | 'abandon'>;
  readonly desired: Pick<Desired, 'current' | 'restore'>;
  readonly facts: Pick<Facts, 'publish'>;
  readonly inspection: Inspection;
  readonly ledger: Ledger;
  readonly logs: Pick<ServerLogs, 'forget'>;
}

/** What the charts emit becomes settled promises and facts. */
export function hearActors({ inspection, commands, facts, ledger, logs, desired, actors }: NewsOptions): void {
  const hearServer = (server: string, emitted: ServerEmitted) => {
    if (emitted.type === 'command.accepted' || emitted.type === 'command.settled')
      return commands.hear(server, emitted);
    const generation = ledger.get(server)?.told.generation ?? 0;
    facts.publish({ actor: `server:${server}`, generation, ...emitted });
  };
  const hearGroup = (group: string, emitted: GroupEmitted) => {
    if (emitted.type === 'command.settled') return commands.hear(emitted.server, emitted);
    if (emitted.type === 'round.opened' || emitted.type === 'round.joined' || emitted.type === 'round.closed')
      return facts.publish({ actor: group, ...emitted });
    const actor = `server:${emitted.server}`;
    if (emitted.type === 'actor.died') {
      facts.publish({ type: 'actor.died', actor, message: emitted.message });
      return commands.abandon(emitted.server, `its actor died: ${emitted.message}`);
    }
    facts.publish({ type: 'server.removed', actor });
    // One that only moves to another group is still wanted.
    if (desired.current.servers.has(emitted.server)) return;
    ledger.drop(emitted.server);
    logs.forget(emitted.server);
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
        hearServer(server, emitted as ServerEmitted);
      });
    } else if (name.startsWith('group:')) {
      actor.on('*', (emitted) => {
        inspection.catchUp(actor);
        hearGroup(name, emitted as GroupEmitted);
      });
    }
  });
  actors.root.on('group.died', ({ group, message }) => {
    facts.publish({ type: 'actor.died', actor: `group:${group}`, message });
    const servers = [...ledger.entries.values()].filter(
      ({ name, specification }) => specification.group === group && !isHeld(actors.server(name)),
    );
    for (const { name } of servers) commands.abandon(name, `the actor of its group died: ${message}`);
    // Their sessions are being killed; only then may they start again. `gone` does not reject.
    void Promise.all(servers.map(({ name }) => ledger.gone(name))).then(() => desired.restore(group));
  });
}

function transportWord({ transport }: ServerSpecification): string {
  return typeof transport === 'string' ? transport : transport.hosted;
}
