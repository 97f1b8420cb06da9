/** The ids of actors. They are their system ids, too, so that an actor can be addressed by its name. */

export const supervisorId = 'supervisor';
export const clientProcessId = 'client-process';
export const groupId = (group: string) => `group:${group}`;
export const serverId = (server: string) => `server:${server}`;
export const reaperId = (server: string) => `reaper:${server}`;

/** The kind and the name in an actor's id. */
export function kindOf(actorId: string): { readonly kind: string; readonly name: string } {
  const colon = actorId.indexOf(':');
  return colon < 0 ? { kind: actorId, name: '' } : { kind: actorId.slice(0, colon), name: actorId.slice(colon + 1) };
}
