/**
 * Edits of the configuration, one after the other. Each is made durable as a version in the store before it is carried
 * out: what cannot be kept changes nothing.
 */

import { canonical } from '../../../config/plan/canonical.ts';
import type { Plan } from '../../../config/plan/plan.ts';
import { McpvisorError } from '../../../errors.ts';
import { withVersion } from '../../../store/configuration.ts';
import type { Change, ConfigurationStore, StoredConfiguration } from '../../../store/contract.ts';
import { StoreError } from '../../../store/error.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { Edited, EditOptions, VersionsPage, VersionsQuery } from '../../contract/configuration.ts';
import { changesBetween, changesSince, summaryOf } from '../sources/changes.ts';
import type { Sources } from '../sources/sources.ts';
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
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  readonly isShuttingDown: () => boolean;
}

export interface Edits {
  /** Makes the edit that `compute` returns the next version. Throws what it throws, and as the public methods say. */
  edit(options: EditOptions, compute: (sources: Sources) => Sources): Promise<Edited>;
  /** Reads what the store has, and tells it what is known of the other sources. Throws `StoreError`. */
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

export function createEdits({ store, inForce, now, isShuttingDown }: EditsOptions): Edits {
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
  async function commit(
    before: StoredConfiguration,
    by: string,
    changes: readonly Change[],
  ): Promise<StoredConfiguration | null> {
    try {
      const edit = { at: new Date(now()).toISOString(), by, summary: summaryOf(changes), changes };
      const version = await store.commit(before.version, edit);
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

  async function carriedOut({ version, by = 'host' }: EditOptions, compute: Compute): Promise<Edited> {
    for (let tries = 1; ; tries += 1) {
      if (isShuttingDown()) throw new McpvisorError('SHUTTING_DOWN', {});
      const current = await upToDate();
      if (version !== undefined && version !== current.version)
        throw new McpvisorError('VERSION_CONFLICT', { expected: version, current: current.version });
      const before = inForce.sources;
      const next = compute(before);
      const changes = changesBetween(before, next);
      const after = changes.length === 0 ? current : await commit(current, by, changes);
      if (after !== null) return { ...inForce.become(afterwards(before, next, compute)), version: after.version };
      if (version === undefined && tries < mostTries) continue;
      const { version: newest } = await takeIn();
      throw new McpvisorError('VERSION_CONFLICT', { expected: version ?? current.version, current: newest });
    }
  }

  /** The file may have been edited by hand while the version was written: that stands, and the edit lies beside it. */
  function afterwards(before: Sources, next: Sources, compute: Compute): Sources {
    const { sources } = inForce;
    if (sources === before) return next;
    try {
      return compute(sources);
    } catch {
      // What cannot be in force beside the file is refused there, and told.
      return withStored(sources, next.stored.entries);
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
        if (all.length === 0 || (await commit(current, source, all)) !== null) {
          if (source === 'file') unseen = unseen.filter((one) => !silent.includes(one) && !told.has(one.server));
          break;
        }
      }
    }
  }

  return {
    edit: (options, compute) =>
      queue.run(async () => {
        try {
          return await carriedOut(options, compute);
        } catch (error) {
          throw error instanceof StoreError ? unavailable(error) : error;
        }
      }),
    synchronize: () =>
      queue.run(async () => {
        if (known === null || isDoubtful || (await store.version()) !== known.version) await takeIn();
        await tellOthers();
      }),
    noteHandEdit(before, after) {
      const silent = changesBetween(before, after).filter(
        ({ source, before: old, after: now }) => source === 'file' && canonical(old) === canonical(now),
      );
      unseen = [...unseen, ...silent];
      // The store may be away: then the next synchronization tells it.
      void queue.run(tellOthers).catch(() => undefined);
    },
    version: () => known?.version ?? 0,
    async versions(query) {
      try {
        return await pageOf(store, query);
      } catch (error) {
        throw error instanceof StoreError ? unavailable(error) : error;
      }
    },
    idle: queue.idle,
  };
}

type Compute = (sources: Sources) => Sources;

function unavailable(error: StoreError): McpvisorError {
  return new McpvisorError('STORE_UNAVAILABLE', { reason: wordsOf(error) }, { cause: error });
}

function sameNames(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): boolean {
  return one.size === other.size && [...one.keys()].every((name) => other.has(name));
}
