/** Commands to many servers: finds the servers that names, groups and `*` stand for, and sends the command to each. */

import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import type { Actors } from '../actors/system.ts';
import type { CommandType, PostedToOne, Supervisor } from '../contract.ts';
import type { Desired } from '../desired/desired.ts';
import type { Ledger } from '../ledger.ts';
import { allowedOf } from '../status/status.ts';
import type { Commands } from './commands.ts';

export interface Recipients {
  /** The servers that get a command sent to their group. */
  membersOf(group: string): readonly string[];
  readonly postMany: Supervisor['postMany'];
}

export interface RecipientsOptions {
  readonly actors: Pick<Actors, 'server' | 'group'>;
  readonly commands: Pick<Commands, 'post'>;
  readonly desired: Pick<Desired, 'current'>;
  readonly ledger: Ledger;
}

export function createRecipients({ actors, commands, desired, ledger }: RecipientsOptions): Recipients {
  const groupOf = (server: string) => ledger.get(server)?.specification.group;
  const snapshotOf = (server: string) => actors.server(server)?.getSnapshot();
  /** `*` and groups leave out servers that the configuration disables and nobody has started. */
  const isIncluded = (server: string) =>
    ledger.get(server)?.specification.enabled === true || snapshotOf(server)?.context.wanted === 'up';
  /**
   * `*` and groups leave out servers that cannot take the command now, but not a server without an actor: for that one
   * `post` says why.
   */
  const accepts = (server: string, type: CommandType) => {
    const snapshot = snapshotOf(server);
    return snapshot === undefined || allowedOf(snapshot).includes(type);
  };
  /** The servers of the configuration in its order, then those being removed. */
  const allServers = () => [...new Set([...desired.current.servers.keys(), ...ledger.entries.keys()])];
  const membersOf = (group: string) => allServers().filter((server) => groupOf(server) === group && isIncluded(server));
  const isGroup = (group: string) => desired.current.settings.groups.has(group) || actors.group(group) !== undefined;

  /** Null: the name is unknown. A server given by its name is included even if it cannot take the command. */
  function serversOf(name: string, type: CommandType): readonly string[] | null {
    if (name === '*') return allServers().filter((server) => isIncluded(server) && accepts(server, type));
    if (!name.startsWith('group:')) return ledger.get(name) === undefined ? null : [name];
    const group = name.slice('group:'.length);
    return isGroup(group) ? membersOf(group).filter((server) => accepts(server, type)) : null;
  }

  function errorOfUnknown(name: string): McpvisorError {
    if (!name.startsWith('group:')) return ledger.unknown(name);
    const groups = new Set([...desired.current.settings.groups.keys(), ...allServers().map(groupOf)]);
    const known = [...groups].flatMap((group) => (group !== undefined && isGroup(group) ? [`group:${group}`] : []));
    return new McpvisorError('ACTOR_NOT_FOUND', { actor: name, known });
  }

  return {
    membersOf,
    postMany({ type, servers, by }) {
      const names = [...new Set(servers)];
      const recipients = new Set(names.flatMap((name) => serversOf(name, type) ?? []));
      const post = (server: string): PostedToOne => {
        try {
          return { server, ...commands.post(server, { type, ...(by !== undefined && { by }) }) };
        } catch (error) {
          if (!isMcpvisorError(error)) throw error;
          return { server, error };
        }
      };
      const unknown = names.filter((name) => serversOf(name, type) === null);
      return [
        ...allServers()
          .filter((server) => recipients.has(server))
          .map(post),
        ...unknown.map((name) => ({ server: name, error: errorOfUnknown(name) })),
      ];
    },
  };
}
