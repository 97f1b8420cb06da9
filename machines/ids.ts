/** The ids of actors, which are also their system ids: an actor can be addressed by its name alone. */

export const supervisorId = 'supervisor';
export const groupId = (group: string) => `group:${group}`;
export const serverId = (server: string) => `server:${server}`;
export const reaperId = (server: string) => `reaper:${server}`;

/** What kind of actor an id names, and the name. */
export function kindOf(actorId: string): { readonly kind: string; readonly name: string } {
  const colon = actorId.indexOf(':');
  return colon < 0 ? { kind: actorId, name: '' } : { kind: actorId.slice(0, colon), name: actorId.slice(colon + 1) };
}
