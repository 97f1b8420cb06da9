/** The public interface to edits of the configuration, and to its versions. */

import type { Plan } from '../../config/plan/plan.ts';
import type { Problem } from '../../errors.ts';

/** Where an entry lives: in the configuration file, in the store, or with the program that embeds mcpvisor. */
export type EntrySource = 'file' | 'store' | 'host';

export interface EditOptions {
  /** The version that the edit is made for. If another one is in force: `VERSION_CONFLICT`. Default: any. */
  readonly version?: number;
  /**
   * Who makes the edit, as the versions tell it. What anybody but the host makes of the command or the address of a
   * server in the file or of the host waits for approval. Default `host`.
   */
  readonly by?: string;
  /**
   * Where new servers go. `host`: into the memory of this process. `store`: into the store, without `${…}` but
   * `${secret:NAME}`. `file`: into the configuration file, whose comments and order stay. An edit or a removal acts where
   * the server lives; of one in the file it holds in memory, until the next edit of the file, unless this is `file`.
   * Default `host`.
   */
  readonly to?: EntrySource;
}

/** A plan that is carried out from now on, and the version that it led to. */
export interface Edited extends Plan {
  /** Of the configuration that is in force now. An edit that changes nothing makes no version. */
  readonly version: number;
}

/** One part of the configuration, before and after. Values that are secrets stand as `{ $kept }`. */
export interface ShownChange {
  readonly source: EntrySource;
  /** Name of the server; null: the settings of mcpvisor. */
  readonly server: string | null;
  /** Null: it was not there. */
  readonly before: Readonly<Record<string, unknown>> | null;
  /** Null: it is gone. */
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface ShownVersion {
  /** 1 is the first; each version is one more than the one before. */
  readonly version: number;
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  /** `file` for an edit of the file by hand, `host`, or the name of a token. */
  readonly by: string;
  /** What was changed, in words. */
  readonly summary: string;
  readonly changes: readonly ShownChange[];
}

export interface VersionsQuery {
  /** Only versions before this one: `next` of the previous page. Default: from the newest. */
  readonly before?: number;
  /** Versions on a page, at most: 1 to 1 000. Default 100. */
  readonly limit?: number;
}

export interface VersionsPage {
  /** The newest first. */
  readonly versions: readonly ShownVersion[];
  /** `before` of the next page; null: there is none. */
  readonly next: number | null;
}

/** What became of one entry of a fragment. */
export interface AddedOne {
  readonly name: string;
  readonly outcome: 'added' | 'refused';
  /** Warnings of one that was added; of one that was refused why. */
  readonly problems: readonly Problem[];
}

/** What became of a fragment. If every entry was refused, no version was made. */
export interface AddedAll {
  readonly version: number;
  readonly plan: Plan;
  readonly results: readonly AddedOne[];
}
