/**
 * The lists of one session: requested once before it is ready, and again whenever the server says that they changed.
 */

import type { Lists, Peer } from '../contract.ts';
import { ListWatch } from './list-watch.ts';
import { listAll } from './lists.ts';
import type { Inbound, Wire } from './wire.ts';

export interface ListingParts {
  readonly wire: Wire;
  readonly capabilities: Peer['capabilities'];
  /** Time that a later listing may take. The chart limits the first one. */
  readonly timeoutMs: number;
  readonly onChanged: (lists: Lists) => void;
  readonly onDoubt: (reason: string) => void;
}

export class Listing {
  readonly #parts: ListingParts;
  /** Created at the first change: most servers never have one. */
  #watch: ListWatch | null = null;
  #lists: Lists | null = null;
  #isClosed = false;

  constructor(parts: ListingParts) {
    this.#parts = parts;
  }

  /** Those of the first listing; null before it. */
  get lists(): Lists | null {
    return this.#lists;
  }

  /** Rejects if no answer can come. */
  async first(): Promise<void> {
    this.#lists = await this.#list();
  }

  /** The server says that they changed. */
  stale(): void {
    const lists = this.#lists;
    if (this.#isClosed || lists === null) return;
    const { timeoutMs, onChanged, onDoubt } = this.#parts;
    this.#watch ??= new ListWatch({ lists, list: () => this.#list(), timeoutMs, onChanged, onDoubt });
    this.#watch.changed();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
  }

  #list(): Promise<Lists> {
    return listAll((method, params) => this.#ask(method, params), this.#parts.capabilities);
  }

  #ask(method: string, params: Readonly<Record<string, unknown>>): Promise<Inbound> {
    const { wire } = this.#parts;
    return new Promise((resolve, reject) => {
      wire.ask(
        { jsonrpc: '2.0', id: wire.takeId(), method, params },
        { answered: resolve, lost: reject, progressed: () => {} },
      );
    });
  }
}
