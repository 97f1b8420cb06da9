/**
 * The lists of one session. Its tools decide when it is ready: the other lists hold up nothing. Each is read again when
 * the server says that it changed, and later when it could not be read.
 */

import { entryOf } from '../../../machines/table.ts';
import type { ListedItem, ListName, Lists, Peer, SessionNews, UnreadList } from '../contract.ts';
import { isTool } from './list-items.ts';
import { listKinds } from './list-kinds.ts';
import type { NewsGate } from './news-gate.ts';
import { type ListWatcher, WatchedList, type WatchedListParts } from './watched-list.ts';

/**
 * Once the tools are known, the other lists may take so much longer, in milliseconds: nearly all servers answer all of
 * them together, and then `connected` comes with all lists.
 */
const graceMs = 500;

/** `timeoutMs` is not for the first listing, which the chart limits. */
export interface ListingParts extends WatchedListParts {
  readonly capabilities: Peer['capabilities'];
  /** Takes the lists when what they hold has changed (not before `first` has resolved), and doubts. */
  readonly gate: NewsGate;
  /** Takes which lists could not be read, if others than before. Those without an answer come when `first` resolves. */
  readonly tell: (news: SessionNews) => void;
}

interface First {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Listing implements ListWatcher {
  readonly #parts: ListingParts;
  readonly #lists: readonly WatchedList[];
  /**
   * The server declares no list at all, which some forget: it is asked for tools, and any answer but a list of them
   * means that there are none.
   */
  readonly #isGuess: boolean;
  #first: First | null = null;
  #isReady = false;
  #grace: unknown = null;
  #told: readonly UnreadList[] = [];
  #isClosed = false;

  constructor(parts: ListingParts) {
    this.#parts = parts;
    const declared = listKinds.filter(({ capability }) => entryOf(parts.capabilities, capability) !== undefined);
    this.#isGuess = declared.length === 0;
    const kinds = this.#isGuess ? listKinds.filter(({ list }) => list === 'tools') : declared;
    this.#lists = kinds.map((kind) => new WatchedList(kind, parts, this));
  }

  /** What is known now; null before the first listing is over. */
  get lists(): Lists | null {
    return this.#isReady ? this.#compose() : null;
  }

  /** Resolves when the tools are known and the other lists are, too, or had their time. Rejects if no answer can come. */
  first(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      for (const list of this.#lists) list.read();
      this.#look();
    });
  }

  /** The server sent a notification, which may say that lists changed. True: it did. */
  isChanged(notification: string): boolean {
    const changed = listKinds.some((kind) => kind.changed === notification);
    for (const list of this.#lists) if (list.kind.changed === notification) list.changed();
    return changed;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopGrace();
    for (const list of this.#lists) list.close();
  }

  settled(differs: boolean): void {
    if (this.#isGuess && this.#lists.every(({ isRead }) => !isRead)) for (const list of this.#lists) list.close();
    this.#tellUnread();
    if (!this.#isReady) this.#look();
    else if (differs) this.#parts.gate.pass({ type: 'listed', lists: this.#compose() });
  }

  lost(list: WatchedList, error: unknown): void {
    if (this.#isGuess) {
      this.late(list);
      return;
    }
    if (!this.#isReady && list.kind.list === 'tools') {
      this.close();
      this.#first?.reject(error);
      return;
    }
    this.#tellUnread();
    if (!this.#isReady) this.#look();
    else this.#doubt(list);
  }

  late(list: WatchedList): void {
    if (this.#isGuess) {
      list.close();
      if (!this.#isReady) this.#ready();
      return;
    }
    this.#tellUnread();
    // Other lists may stay unanswered for ever: the heartbeat looks after the server.
    if (this.#isReady && list.kind.list === 'tools') this.#doubt(list);
  }

  #compose(): Lists {
    const itemsOf = (name: ListName): readonly ListedItem[] =>
      this.#lists.find(({ kind }) => kind.list === name)?.items ?? [];
    return {
      tools: itemsOf('tools').filter(isTool),
      resources: itemsOf('resources'),
      resourceTemplates: itemsOf('resourceTemplates'),
      prompts: itemsOf('prompts'),
      problems: this.#lists.flatMap(({ problems }) => problems),
    };
  }

  /** Whether enough is known to be ready. Without tools, the first answer of any kind is enough. */
  #look(): void {
    if (this.#isReady || this.#isClosed) return;
    const tools = this.#lists.find(({ kind }) => kind.list === 'tools');
    const isEnough = this.#isGuess || (tools?.isRead ?? this.#lists.some(({ isAnswered }) => isAnswered));
    if (this.#lists.every((list) => (list === tools && !this.#isGuess ? list.isRead : list.isAnswered))) this.#ready();
    else if (isEnough) this.#grace ??= this.#parts.timers.setTimeout(() => this.#ready(), graceMs);
  }

  #ready(): void {
    this.#stopGrace();
    this.#isReady = true;
    this.#tellUnread();
    this.#first?.resolve();
  }

  #tellUnread(): void {
    if (this.#isGuess) return;
    const unread = this.#lists.flatMap(({ kind, unread: reason, isAnswered }) =>
      reason !== null && (isAnswered || this.#isReady) ? [{ list: kind.list, reason }] : [],
    );
    const isSame =
      unread.length === this.#told.length &&
      unread.every(
        ({ list, reason }, index) => this.#told[index]?.list === list && this.#told[index]?.reason === reason,
      );
    if (isSame) return;
    this.#told = unread;
    this.#parts.tell({ type: 'unread', lists: unread });
  }

  #doubt({ unread }: WatchedList): void {
    this.#parts.gate.pass({ type: 'doubted', reason: unread ?? '' });
  }

  #stopGrace(): void {
    if (this.#grace !== null) this.#parts.timers.clearTimeout(this.#grace);
  }
}
