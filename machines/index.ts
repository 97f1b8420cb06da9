/** The charts. They are pure: no clock, no randomness, no processes. `src` provides the actors that have effects. */

export * from './failure.ts';
export type * from './group/events.ts';
export { groupMachine } from './group.machine.ts';
export type * from './policy.ts';
export * from './restart-policy.ts';
export type * from './server/context.ts';
export type * from './server/events.ts';
export { serverMachine } from './server.machine.ts';
export type * from './supervisor/events.ts';
export { supervisorMachine } from './supervisor.machine.ts';
