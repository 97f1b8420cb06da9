/**
 * The process groups that are ours, on disk before they count, so that the next run can end what an earlier one left
 * behind.
 */

import { randomBytes } from 'node:crypto';
import { renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createDurableFile } from '../../files/durable-file.ts';
import { readOwnFile } from '../../files/own-file.ts';
import { isSystemError } from '../../system-error.ts';
import { signalGroup } from './group.ts';
import { startTimeOf } from './identity.ts';
import { type ProcessRecord, parseRecordFile, type RecordFile } from './record.ts';
import { endSurvivor, isSurvivor } from './survivor.ts';

export type { ProcessRecord } from './record.ts';

export interface ProcessRegistry {
  /** Of this run: it is in the mark of every process. Only an instance on record is looked for by a later run. */
  readonly instance: string;
  /** Runs before this one that may have left something behind. */
  readonly earlierInstances: readonly string[];
  /** Of the earlier runs, only these have left something. */
  keepInstances(instances: readonly string[]): void;
  /**
   * Puts this run's instance on record, by which the next run finds what is on no record yet. Resolves as `add` does;
   * call it before anything is spawned.
   */
  announce(): Promise<void>;
  /**
   * Resolves when the record is on disk, or could not be written: then `onTrouble` was called, the record is kept in
   * memory, and it is written as soon as it can be. Without a state directory it resolves at once. Never rejects.
   */
  add(record: ProcessRecord): Promise<void>;
  /** Nobody waits for the write: a record that stayed too long is recognised by its start time. */
  remove(pid: number): void;
  /** The processes of this run. */
  list(): readonly ProcessRecord[];
  /**
   * Ends the groups that an earlier run left behind (SIGTERM, after the server's `terminateMs` SIGKILL) and resolves
   * with those that are gone. One that survives even that stays on record and is reported. Call it once, before
   * anything is spawned. If it is unknown whether one is alive, it deals with all others and then rejects.
   */
  reapSurvivors(onReaped?: (record: ProcessRecord) => void): Promise<readonly ProcessRecord[]>;
  /** The highest generation of each server on record, from this run or the one before. */
  readonly generations: ReadonlyMap<string, number>;
  /** Sends SIGKILL to every group of this run, synchronously: for the handler of `exit`. */
  killAllNow(): void;
  /** Resolves when the last change is on disk. May be called twice; does not throw. */
  close(): Promise<void>;
}

export interface ProcessRegistryOptions {
  /** Where `processes.json` is. Null: no record is kept. */
  readonly stateDir: string | null;
  /** Receives problems with the file or a survivor; none of them is fatal. */
  readonly onError?: (message: string) => void;
  /** Called with the error of each write that failed, and with null once the record is up to date again. */
  readonly onTrouble?: (error: unknown) => void;
  /** Time before a write that failed is tried again. Default 1 000. */
  readonly retryMs?: number;
}

export function createProcessRegistry(options: ProcessRegistryOptions): ProcessRegistry {
  const { stateDir, onError = () => {}, onTrouble = () => {}, retryMs = 1_000 } = options;
  const path = stateDir === null ? null : join(stateDir, 'processes.json');
  const current = new Map<number, ProcessRecord>();
  const before = path === null ? nothing : readEarlier(path, onError);
  const earlier = new Set(before.processes);
  const instance = randomBytes(8).toString('hex');
  let earlierInstances = before.instances;
  const generations = new Map<string, number>();
  const remember = ({ server, generation }: Pick<ProcessRecord, 'server' | 'generation'>): void => {
    const highest = Math.max(generation, generations.get(server) ?? 0);
    // The last ones that were started stay.
    generations.delete(server);
    generations.set(server, highest);
    const [oldest] = generations.keys();
    if (generations.size > mostGenerations && oldest !== undefined) generations.delete(oldest);
  };
  for (const [server, generation] of before.generations) remember({ server, generation });
  for (const record of earlier) remember(record);

  const content = (): string => {
    const processes = [...earlier, ...current.values()];
    const directory = path === null ? undefined : inodeOf(dirname(path));
    const instances = [instance, ...earlierInstances];
    return JSON.stringify({ directory, instances, processes, generations: [...generations] }, null, 2);
  };
  const file = path === null ? null : createDurableFile({ path, content, onTrouble, retryMs });
  const save = (): Promise<void> => file?.save() ?? Promise.resolve();

  return {
    instance,
    get earlierInstances() {
      return earlierInstances;
    },
    keepInstances(instances) {
      if (instances.length === earlierInstances.length) return;
      earlierInstances = instances;
      // It never rejects.
      void save();
    },
    announce: save,
    add(record) {
      remember(record);
      current.set(record.pid, record);
      return save();
    },
    remove(pid) {
      // It never rejects.
      if (current.delete(pid)) void save();
    },
    list: () => [...current.values()],
    async reapSurvivors(onReaped = () => {}) {
      const reaped: ProcessRecord[] = [];
      const unknown: Error[] = [];
      const reap = async (record: ProcessRecord): Promise<void> => {
        const label = `Process group ${record.pid} of server "${record.server}"`;
        try {
          const isOurs = await isSurvivor(record);
          if (isOurs && !(await endSurvivor(record))) return onError(`${label} survived SIGKILL.`);
          earlier.delete(record);
          if (!isOurs) return;
          reaped.push(record);
          onReaped(record);
        } catch (error) {
          // It stays on record, so the next start tries again.
          const problem = new Error(`${label} could not be looked at: ${String(error)}`, { cause: error });
          onError(problem.message);
          unknown.push(problem);
        }
      };
      if (earlier.size === 0) return reaped;
      await Promise.all([...earlier].map(reap));
      // It never rejects.
      void save();
      const [first] = unknown;
      if (first !== undefined) throw first;
      return reaped;
    },
    generations,
    killAllNow() {
      for (const { pid, startTime } of current.values()) {
        // Another process has the number, so our group is gone.
        if (startTime !== null && isAnother(pid, startTime)) continue;
        signalGroup(pid, 'SIGKILL');
      }
    },
    async close() {
      await file?.close();
    },
  };
}

const nothing: RecordFile = { instances: [], processes: [], generations: [] };

/** Servers whose numbers are remembered, at most. */
const mostGenerations = 10_000;

/** Whether a process other than the recorded one has the number now. Unknown counts as no. */
function isAnother(pid: number, startTime: string): boolean {
  try {
    const now = startTimeOf(pid);
    return now !== null && now !== startTime;
  } catch {
    // The system hides start times: what is on our own list is ours.
    return false;
  }
}

/**
 * Records of an earlier run. An invalid file is set aside: it may be the only trace of a process that somebody is
 * looking for.
 */
function readEarlier(path: string, onError: (message: string) => void): RecordFile {
  let text: string;
  try {
    text = readOwnFile(path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) onError(`${path} cannot be read: ${String(error)}`);
    return nothing;
  }
  try {
    return ofThisDirectory(path, parseRecordFile(text), onError);
  } catch (error) {
    const aside = `${path}.corrupt-${Date.now()}`;
    onError(`${path} is damaged (${String(error)}) and was kept as ${aside}; processes on it are not ended.`);
    try {
      renameSync(path, aside);
    } catch (renameError) {
      onError(`${path} cannot be renamed: ${String(renameError)}`);
    }
    return nothing;
  }
}

/**
 * A record that was copied or linked from the directory of another control plane names processes that may be running
 * for that one.
 */
function ofThisDirectory(path: string, file: RecordFile, onError: (message: string) => void): RecordFile {
  if (file.directory === undefined || file.directory === inodeOf(dirname(path))) return file;
  if (file.processes.length > 0) onError(`${path} comes from another directory; processes on it are not ended.`);
  return nothing;
}

/** Undefined: the folder is not there. */
function inodeOf(folder: string): string | undefined {
  const found = statSync(folder, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : String(found.ino);
}
