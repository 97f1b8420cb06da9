/** The charts. They are pure: no clock, no randomness, no processes. `src` provides the actors that have effects. */

export type * from './chart/data.ts';
export { toDefinition, toXstateConfig } from './chart/definition.ts';
export { toMermaid, toTable } from './chart/diagram.ts';
export type * from './client-process/context.ts';
export type * from './client-process/events.ts';
export { clientExampleEvents } from './client-process/example-events.ts';
export type * from './client-process/standing.ts';
export { clientProcessMachine } from './client-process.machine.ts';
export * from './failure.ts';
export type * from './group/events.ts';
export { groupMachine } from './group.machine.ts';
export { defaultClientProcessPolicy, defaultPolicy } from './policy/defaults.ts';
export type * from './policy/policy.ts';
export * from './policy/restart.ts';
export type * from './server/context.ts';
export type * from './server/events.ts';
export { exampleEvents } from './server/example-events.ts';
export { serverMachine } from './server.machine.ts';
export type * from './supervisor/events.ts';
export { supervisorMachine } from './supervisor.machine.ts';
