/** The record of one process group. */

import * as z from 'zod';

/** Far below where numbers lose digits: generations go on from it. */
const generation = z.number().int().nonnegative().max(1e12);

const recordSchema = z.object({
  server: z.string(),
  generation,
  /**
   * The pid of the leader, which is the number of the group. 0 and 1 are never ours: signals to such "groups" reach
   * everybody.
   */
  pid: z.number().int().min(2),
  startTime: z.string().nullable(),
  /** For people to read; without arguments, which may hold secrets. */
  command: z.string(),
  stop: z
    .object({
      closeMs: z.number().nonnegative(),
      terminateMs: z.number().nonnegative(),
      killMs: z.number().nonnegative(),
    })
    .readonly(),
});

const fileSchema = z.object({
  /** The inode of the folder it was written in: in another one it is a copy, and its processes may be somebody else's. */
  directory: z.string().optional(),
  /** The runs in whose marks processes may still be found. */
  instances: z
    .array(z.string().regex(/^[0-9a-f]+$/))
    .readonly()
    .default([]),
  processes: z.array(recordSchema.readonly()).readonly(),
  /** The highest generation of each server, also of those of which nothing runs: numbers only grow. */
  generations: z
    .array(z.tuple([z.string(), generation]))
    .readonly()
    .default([]),
});

export type ProcessRecord = Readonly<z.infer<typeof recordSchema>>;

export type RecordFile = Readonly<z.infer<typeof fileSchema>>;

/** Throws when `text` is not a valid record file. */
export function parseRecordFile(text: string): RecordFile {
  return fileSchema.parse(JSON.parse(text));
}
