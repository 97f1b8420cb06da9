/** Commands to many servers: whom names, groups and `*` mean, and what became of each. */

import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import type { Assembly } from '../assembly.ts';
import type { CommandType, PostedToOne } from '../contract.ts';

export interface Recipients {
  /** The servers of a group that a command to the group is meant for. */
  membersOf(group: string): readonly string[];
  postMany(event: {
    readonly type: CommandType;
    readonly servers: readonly string[];
    readonly by?: string;
  }): readonly PostedToOne[];
}

type Parts = Pick<Assembly, 'actors' | 'commands' | 'desired' | 'ledger'>;

export function createRecipients({ actors, commands, desired, ledger }: Parts): Recipients {
  const groupOf = (server: string) => ledger.get(server)?.specification.group;
  /** Who starts or restarts everything does not mean what the configuration has switched off. */
  const isMeant = (server: string) =>
    ledger.get(server)?.specification.enabled === true || actors.server(server)?.getSnapshot().context.wanted === 'up';
  /** Those of the configuration in its order, then those on their way out. */
  const everybody = () => [...new Set([...desired.current.servers.keys(), ...ledger.entries.keys()])];
  const membersOf = (group: string) => everybody().filter((server) => groupOf(server) === group && isMeant(server));

  /** Null: nobody is called that. */
  function meantBy(name: string): readonly string[] | null {
    if (name === '*') return everybody().filter(isMeant);
    if (!name.startsWith('group:')) return ledger.get(name) === undefined ? null : [name];
    const group = name.slice('group:'.length);
    const isKnown = desired.current.settings.groups.has(group) || actors.group(group) !== undefined;
    return isKnown ? membersOf(group) : null;
  }

  function errorOfUnknown(name: string): McpvisorError {
    if (name.startsWith('group:')) return new McpvisorError('ACTOR_NOT_FOUND', { actor: name });
    return new McpvisorError('SERVER_NOT_FOUND', { server: name, known: [...ledger.entries.keys()] });
  }

  return {
    membersOf,
    postMany({ type, servers, by }) {
      const names = [...new Set(servers)];
      const meant = new Set(names.flatMap((name) => meantBy(name) ?? []));
      const post = (server: string): PostedToOne => {
        try {
          return { server, ...commands.post(server, { type, ...(by !== undefined && { by }) }) };
        } catch (error) {
          if (!isMcpvisorError(error)) throw error;
          return { server, error };
        }
      };
      const unknown = names.filter((name) => meantBy(name) === null);
      return [
        ...everybody()
          .filter((server) => meant.has(server))
          .map(post),
        ...unknown.map((name) => ({ server: name, error: errorOfUnknown(name) })),
      ];
    },
  };
}
