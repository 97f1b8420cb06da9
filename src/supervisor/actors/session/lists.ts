/** What a session says of the server's lists: those it could read, those it could not, and items that were left out. */

import type { ListName, Lists, SessionNews } from '../../../session/contract.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { SessionOutlets } from './outlets.ts';
import type { Words } from './words.ts';

/** Longest name of a bad item that is published, in characters. */
const longestName = 256;

export class SessionLists {
  readonly #entry: ServerEntry;
  readonly #outlets: SessionOutlets;
  readonly #words: Words;
  #unread: readonly ListName[] = [];

  constructor(entry: ServerEntry, outlets: SessionOutlets, words: Words) {
    this.#entry = entry;
    this.#outlets = outlets;
    this.#words = words;
  }

  /** The session is ready with these. */
  first(lists: Lists): void {
    const { peer, push } = this.#entry.reported;
    this.#outlets.update({ lists: this.#withLastGood(lists), push: push ?? true });
    this.#outlets.publish({
      type: 'session.opened',
      transport: peer?.transport ?? 'unknown',
      protocolVersion: peer?.protocolVersion ?? 'unknown',
      ...sizesOf(this.#entry),
    });
    if (lists.problems.length > 0) this.#publishChange();
  }

  /** They were read again. */
  again(lists: Lists): void {
    this.#outlets.update({ lists: this.#withLastGood(lists) });
    this.#publishChange();
  }

  /** Which cannot be read now; none: all can. */
  unread(lists: Extract<SessionNews, { readonly type: 'unread' }>['lists']): void {
    this.#unread = lists.map(({ list }) => list);
    const told = lists.map(({ list, reason }) => ({ list, reason: this.#words.note(reason) }));
    this.#outlets.send({ type: 'session.unread', lists: told });
  }

  /** A list that this session could not read at all is as it was in an earlier one. */
  #withLastGood(lists: Lists): Lists {
    const { lists: last } = this.#entry.reported;
    const kept = this.#unread.filter((list) => lists[list].length === 0).map((list) => [list, last[list]]);
    return kept.length === 0 ? lists : { ...lists, ...Object.fromEntries(kept) };
  }

  #publishChange(): void {
    const problems = this.#entry.reported.lists.problems.map(({ list, index, name, message }) => {
      const named = name === null ? '' : ` "${this.#words.text(name).slice(0, longestName)}"`;
      return this.#words.text(`${list}[${index}]${named}: ${message}`);
    });
    this.#outlets.publish({ type: 'catalog.changed', ...sizesOf(this.#entry), problems });
  }
}

function sizesOf({ lists }: ServerEntry) {
  return { tools: lists.tools.length, resources: lists.resources.length, prompts: lists.prompts.length };
}
