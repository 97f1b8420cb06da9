/** The charts, pure: no clock, no dice, no process. `src` gives them their effects. */

export * from './failure.ts';
export { groupMachine } from './group.machine.ts';
export type * from './group-events.ts';
export * from './restart-policy.ts';
export { serverMachine } from './server.machine.ts';
export type * from './server-events.ts';
export type * from './server-policy.ts';
export { supervisorMachine } from './supervisor.machine.ts';
export type * from './supervisor-events.ts';
