/** The charts, pure: no clock, no dice, no process. `src` gives them their effects. */

export * from './failure.ts';
export type * from './group/events.ts';
export { groupMachine } from './group.machine.ts';
export type * from './policy.ts';
export * from './restart-policy.ts';
export type * from './server/events.ts';
export { serverMachine } from './server.machine.ts';
export type * from './supervisor/events.ts';
export { supervisorMachine } from './supervisor.machine.ts';
