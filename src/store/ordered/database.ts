/** What an embedded database is to a store: texts in the order of their keys. */

export interface OrderedDatabase {
  /** Whether other processes may write it at the same time. */
  readonly isShared: boolean;
  /** Null: there is none. */
  get(key: string): Promise<string | null>;
  /** In pages, so that a long range neither fills the memory nor holds up the event loop. */
  pages(range: KeyRange): AsyncGenerator<readonly Pair[]>;
  /**
   * Writes all or nothing, and resolves when it is on disk. False: another process has written `unless` in the meantime,
   * and nothing was done. Once it has rejected, it is not known whether it was done.
   */
  write(changes: readonly KeyChange[], unless: string): Promise<boolean>;
  /** Called once, when nothing is under way. */
  close(): Promise<void>;
}

/** Keys are ASCII, so that every order of texts is the same. */
export interface KeyRange {
  /** Inclusive. */
  readonly first: string;
  /** Inclusive. */
  readonly last: string;
  readonly newestFirst: boolean;
  /** Pairs that are read at once. Default 500: some hundred kilobytes of facts. */
  readonly pageSize?: number;
}

export interface Pair {
  readonly key: string;
  readonly text: string;
}

export interface KeyChange {
  readonly key: string;
  /** Null: it is removed. */
  readonly text: string | null;
}

export const defaultPageSize = 500;
