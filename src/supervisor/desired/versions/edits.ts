/**
 * Edits of the configuration, one after the other. Each is made durable as a version in the store before it is carried
 * out: what cannot be kept changes nothing.
 */

import type { FileEdit } from '../../../config/editing/write-back.ts';
import { canonical } from '../../../config/plan/canonical.ts';
import type { Plan } from '../../../config/plan/plan.ts';
import { McpvisorError } from '../../../errors.ts';
import { withVersion } from '../../../store/configuration.ts';
import type { Change, ConfigurationStore, StoredConfiguration, Edit as StoredEdit } from '../../../store/contract.ts';
import { StoreError } from '../../../store/error.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { Edited, EditOptions, VersionsPage, VersionsQuery } from '../../contract/configuration.ts';
import type { ConfigurationFile } from '../configuration-file.ts';
import { changesBetween, changesSince, fileEditsBetween, summaryOf } from '../sources/changes.ts';
import type { Entries, Sources } from '../sources/sources.ts';
import { withStored } from '../sources/taken-in.ts';
import { createQueue } from './queue.ts';
import { pageOf } from './shown.ts';

/** The configuration in force. */
export interface InForce {
  readonly sources: Sources;
  /** Carries out the plan that leads there. */
  become(next: Sources): Plan;
}

export interface EditsOptions {
  readonly store: ConfigurationStore;
  readonly inForce: InForce;
  readonly file: Pick<ConfigurationFile, 'write'>;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** An edit by somebody else than the host is about to be kept. If this rejects, it is not. */
  readonly announce: (changes: readonly Change[], next: Sources) => Promise<void>;
  readonly isShuttingDown: () => boolean;
  /** Called with what the store did not do, and with null each time it did what it was asked for. */
  readonly onStore: (error: StoreError | null) => void;
}

export interface Edit {
  readonly compute: Compute;
  /** The summary of the version, made of the words for its changes. Default: these words. */
  readonly summary?: (changes: string) => string;
}

export interface Edits {
  /** Makes the edit the next version. Throws what `compute` throws, and as the public methods say. */
  edit(options: EditOptions, edit: Edit): Promise<Edited>;
  /** What lives in the store. Null: it was not known in time. Never rejects. */
  open(inTime: Promise<void>): Promise<Entries | null>;
  /** Reads what the store has, and tells it what is known of the other sources. Never rejects. */
  synchronize(): Promise<void>;
  /** The file has changed and is in force: a version will tell. Does not throw. */
  noteHandEdit(before: Sources, after: Sources): void;
  /** Number of the newest version that is known. 0: there is none. */
  version(): number;
  versions(query: VersionsQuery): Promise<VersionsPage>;
  /** Resolves when no edit is under way. */
  idle(): Promise<void>;
}

/** Writers that come first before an edit for no version in particular is given up. */
const mostTries = 10;

export function createEdits({ store, inForce, file, now, announce, isShuttingDown, onStore }: EditsOptions): Edits {
  const queue = createQueue();
  /** Of the store, as it was written or read last. */
  let known: StoredConfiguration | null = null;
  /** Whether a write may have been done without an answer. */
  let isDoubtful = false;
  /** Hand edits that no version tells yet, of what shows the same before and after: secrets. */
  let unseen: readonly Change[] = [];

  async function upToDate(): Promise<StoredConfiguration> {
    return known === null || isDoubtful ? await takeIn() : known;
  }

  async function takeIn(): Promise<StoredConfiguration> {
    const read = await store.read();
    known = read;
    isDoubtful = false;
    const { sources } = inForce;
    const next = withStored(sources, read.servers);
    const isSame = sameNames(sources.stored.refused, next.stored.refused) && changesBetween(sources, next).length === 0;
    if (!isSame) inForce.become(next);
    return read;
  }

  /** Null: another writer came first. */
  async function commit(before: StoredConfiguration, edit: Noted): Promise<StoredConfiguration | null> {
    try {
      const version = await store.commit(before.version, { at: new Date(now()).toISOString(), ...edit });
      if (version === null) {
        isDoubtful = true;
        return null;
      }
      const after = withVersion(before, version);
      known = after;
      return after;
    } catch (error) {
      isDoubtful = true;
      throw error;
    }
  }

  async function carriedOut({ version, by = 'host' }: EditOptions, edit: Edit): Promise<Edited> {
    const { compute, summary = (words) => words } = edit;
    for (let tries = 1; ; tries += 1) {
      if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
      const current = await upToDate();
      if (version !== undefined && version !== current.version)
        throw new McpvisorError('VERSION_CONFLICT', { expected: version, current: current.version });
      const before = inForce.sources;
      const next = await compute(before, current.version);
      const changes = changesBetween(before, next);
      if (by !== 'host') await announce(changes, next);
      const noted = { by, summary: summary(summaryOf(changes)), changes };
      const after = changes.length === 0 ? current : await keep(current, noted, fileEditsBetween(before, next));
      if (after !== null) {
        const again = (sources: Sources) => compute(sources, current.version);
        return { ...inForce.become(await afterwards(before, next, again)), version: after.version };
      }
      if (version === undefined && tries < mostTries) continue;
      const { version: newest } = await takeIn();
      throw new McpvisorError('VERSION_CONFLICT', { expected: version ?? current.version, current: newest });
    }
  }

  /**
   * The version first, then the file. A kill between the two leaves a file that is not what the newest version says of
   * it; the next start tells that as an edit of the file. Null: another writer came first.
   */
  async function keep(
    before: StoredConfiguration,
    noted: Noted,
    fileEdits: readonly FileEdit[],
  ): Promise<StoredConfiguration | null> {
    if (fileEdits.length === 0) return await commit(before, noted);
    const kept: StoredConfiguration[] = [];
    try {
      await file.write(fileEdits, async () => {
        const after = await commit(before, noted);
        if (after !== null) kept.push(after);
        return after !== null;
      });
    } catch (error) {
      // The file refused what a version tells already.
      if (kept.length > 0) await tellOthers();
      throw error;
    }
    return kept.at(-1) ?? null;
  }

  /** The file may have been edited by hand while the version was written: that stands, and the edit lies beside it. */
  async function afterwards(
    before: Sources,
    next: Sources,
    compute: (sources: Sources) => Sources | Promise<Sources>,
  ): Promise<Sources> {
    for (let { sources } = inForce; ; { sources } = inForce) {
      if (sources === before) return next;
      try {
        const again = await compute(sources);
        if (inForce.sources === sources) return again;
      } catch {
        // What cannot be in force beside the file is refused there, and told.
        return withStored(inForce.sources, next.stored.entries);
      }
    }
  }

  async function tellOthers(): Promise<void> {
    for (const source of ['host', 'file'] as const) {
      for (let tries = 1; tries <= mostTries; tries += 1) {
        const current = await upToDate();
        const { sources } = inForce;
        const changes = changesSince(current, source, sources);
        const told = new Set(changes.map(({ server }) => server));
        const silent = source === 'file' ? unseen.filter(({ server }) => !told.has(server)) : [];
        const all = [...changes, ...silent];
        const noted = { by: source, summary: summaryOf(all), changes: all };
        if (all.length === 0 || (await commit(current, noted)) !== null) {
          if (source === 'file') unseen = unseen.filter((one) => !silent.includes(one) && !told.has(one.server));
          break;
        }
      }
    }
  }

  /** Tells how the store is, and what that means for the caller. */
  async function asked<Result>(task: () => Promise<Result>): Promise<Result> {
    try {
      const result = await task();
      onStore(null);
      return result;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      onStore(error);
      throw new McpvisorError('STORE_UNAVAILABLE', { reason: wordsOf(error) }, { cause: error });
    }
  }

  const synchronize = async () => {
    if (known === null || isDoubtful || (await store.version()) !== known.version) await takeIn();
    await tellOthers();
  };

  return {
    edit: (options, edit) => queue.run(() => asked(() => carriedOut(options, edit))),
    async open(inTime) {
      const read = await Promise.race([asked(store.read).catch(() => null), inTime.then(() => null)]);
      known = read;
      return read?.servers ?? null;
    },
    // Who asks for an edit is told.
    synchronize: () => queue.run(() => asked(synchronize)).catch(() => undefined),
    noteHandEdit(before, after) {
      const silent = changesBetween(before, after).filter(
        ({ source, before: old, after: now }) => source === 'file' && canonical(old) === canonical(now),
      );
      unseen = [...unseen, ...silent];
      // The store may be away: then the next synchronization tells it.
      void queue.run(() => asked(tellOthers)).catch(() => undefined);
    },
    version: () => known?.version ?? 0,
    versions: (query) => asked(() => pageOf(store, query)),
    idle: queue.idle,
  };
}

/** `newest`: the number of the version that it is made for. */
type Compute = (sources: Sources, newest: number) => Sources | Promise<Sources>;

/** An edit without its time. */
type Noted = Omit<StoredEdit, 'at'>;

function sameNames(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  return one.size === other.size && [...one.keys()].every((name) => other.has(name));
}
