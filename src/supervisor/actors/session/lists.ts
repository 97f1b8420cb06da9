/** What a session says of the server's lists: those it could read, those it could not, and items that were left out. */

import type { ListName, Lists, SessionNews } from '../../../session/contract.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { SessionOutlets } from './outlets.ts';
import type { Words } from './words.ts';

/** Longest name of a bad item that is published, in characters. */
const longestName = 256;

export interface SessionLists {
  /** The session is ready with these. */
  first(lists: Lists): void;
  /** They were read again. */
  again(lists: Lists): void;
  /** Which cannot be read now; none: all can. */
  unread(lists: Extract<SessionNews, { readonly type: 'unread' }>['lists']): void;
}

export interface SessionListsParts {
  readonly entry: ServerEntry;
  readonly outlets: SessionOutlets;
  readonly words: Words;
}

export function createSessionLists({ entry, outlets, words }: SessionListsParts): SessionLists {
  let unread: readonly ListName[] = [];

  /** A list that this session could not read at all is as it was in an earlier one. */
  function withLastGood(lists: Lists): Lists {
    const { lists: last } = entry.reported;
    const kept = unread.filter((list) => lists[list].length === 0).map((list) => [list, last[list]]);
    return kept.length === 0 ? lists : { ...lists, ...Object.fromEntries(kept) };
  }

  function publishChange(): void {
    const problems = entry.reported.lists.problems.map(({ list, index, name, message }) => {
      const named = name === null ? '' : ` "${words.text(name).slice(0, longestName)}"`;
      return words.text(`${list}[${index}]${named}: ${message}`);
    });
    outlets.publish({ type: 'catalog.changed', ...sizesOf(entry), problems });
  }

  return {
    first(lists) {
      const { peer, push } = entry.reported;
      outlets.update({ lists: withLastGood(lists), push: push ?? true });
      outlets.publish({
        type: 'session.opened',
        transport: peer?.transport ?? 'unknown',
        protocolVersion: peer?.protocolVersion ?? 'unknown',
        ...sizesOf(entry),
      });
      if (lists.problems.length > 0) publishChange();
    },
    again(lists) {
      outlets.update({ lists: withLastGood(lists) });
      publishChange();
    },
    unread(lists) {
      unread = lists.map(({ list }) => list);
      const told = lists.map(({ list, reason }) => ({ list, reason: words.note(reason) }));
      outlets.send({ type: 'session.unread', lists: told });
    },
  };
}

function sizesOf({ lists }: ServerEntry) {
  return { tools: lists.tools.length, resources: lists.resources.length, prompts: lists.prompts.length };
}
