/** Actors of the tree, and each as it is now. */

import * as z from 'zod';
import { anyRecord, anything, named, time } from './names.ts';
import { problem } from './problem.ts';

export const actor = named(
  'Actor',
  z.strictObject({
    id: z.string(),
    parent: z.string().nullable(),
    state: z.string(),
    substate: z.string().nullable(),
    value: anything,
    since: time,
    children: z.array(z.string()),
  }),
);

export const actorList = named('ActorList', z.strictObject({ actors: z.array(actor) }));

export const snapshotSchema = named(
  'Snapshot',
  z.strictObject({
    actor: z.string(),
    value: anything,
    tags: z.array(z.string()),
    context: anyRecord,
    allowed: z.array(z.string()),
    timers: z.array(z.strictObject({ name: z.string(), dueAt: time })),
  }),
);

const command = z.union([
  named('CommandAccepted', z.strictObject({ actor: z.string(), commandId: z.string() })),
  named('CommandRefused', z.strictObject({ actor: z.string(), error: problem })),
]);

export const posted = named('Posted', z.strictObject({ commands: z.array(command) }));
