/** What is remembered of one type of fact from one actor, oldest first. */

import type { Fact, FactBody, FactType } from '../fact.ts';
import { fieldsOf, type Packing, packingOf } from './packed.ts';
import { bounded, sizeOf, valueLength } from './size.ts';
import { isoTime } from './time.ts';

/** Whose a fact is, and what. */
export interface Origin {
  readonly type: FactType;
  readonly actor: string;
}

/** A fact of up to so many characters weighs 1. Most have 100 to 600. */
const usualSize = 1_024;

/** Rows that there is room for at first: of most types a server has one fact. */
const fewestRows = 1;

/** Numbers of a row. The last two, and those of its fields, only if it is packed. */
const [seqPlace, weightPlace, timePlace, generationPlace] = [0, 1, 2, 3];
const [numbersUnpacked, numbersPacked] = [2, 4];

/**
 * What a first row is made of. No whole numbers: V8 keeps an array of those in another form until it sees a fraction.
 */
const noNumbers: readonly number[] = Array.from({ length: 8 }, () => Number.NaN);
const noValues: readonly unknown[] = Array.from({ length: 4 }, () => null);

/**
 * A ring of rows in two flat arrays: one of numbers, one of everything else. So of what comes with every call nothing
 * is kept that the garbage collector has to follow, move and free: thousands of facts that each live for a tenth of a
 * second cost more than the calls themselves.
 */
export class Share implements Origin {
  readonly type: FactType;
  readonly actor: string;
  /** Of all its facts. */
  weight = 0;
  readonly #packing: Packing | null;
  readonly #numbersEach: number;
  readonly #valuesEach: number;
  #numbers: number[];
  /** Words, or whole facts. */
  #values: unknown[];
  #first = 0;
  #rows = 0;
  /** A power of 2. */
  #room = fewestRows;

  constructor({ type, actor }: Origin) {
    const packing = packingOf(type);
    this.type = type;
    this.actor = actor;
    this.#packing = packing;
    this.#numbersEach = packing === null ? numbersUnpacked : numbersPacked + packing.numbers.length;
    this.#valuesEach = packing === null ? 1 : packing.words.length;
    // Copies: an array that grows by itself keeps room for sixteen more.
    this.#numbers = noNumbers.slice(0, fewestRows * this.#numbersEach);
    this.#values = noValues.slice(0, fewestRows * this.#valuesEach);
  }

  /** Its facts are put together each time they are asked for. */
  get isPacked(): boolean {
    return this.#packing !== null;
  }

  /** Number of its oldest fact; beyond all numbers if it has none. */
  get oldestSeq(): number {
    return this.#rows === 0 ? Number.POSITIVE_INFINITY : this.#seqOf(0);
  }

  /** `seq`: higher than those before. `atMs`: the wall clock. */
  push(body: FactBody, seq: number, atMs: number): void {
    const small = this.#sizeOf(body) <= usualSize ? body : bounded(body);
    const weight = small === body ? 1 : Math.ceil(sizeOf(small) / usualSize);
    if (this.#rows === this.#room) this.#resize(2 * this.#room);
    const row = this.#rowOf(this.#rows);
    const from = row * this.#numbersEach;
    this.#numbers[from + seqPlace] = seq;
    this.#numbers[from + weightPlace] = weight;
    if (this.#packing === null) this.#values[row] = Object.freeze({ seq, at: isoTime(atMs), ...small });
    else {
      this.#numbers[from + timePlace] = atMs;
      this.#pack(small, this.#packing, row);
    }
    this.#rows += 1;
    this.weight += weight;
  }

  /** Null: it is none of these, or is no longer remembered. */
  fact(seq: number): Fact | null {
    let low = 0;
    let high = this.#rows - 1;
    // Mostly the newest is asked for.
    if (high >= 0 && this.#seqOf(high) === seq) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#seqOf(middle) < seq) low = middle + 1;
      else high = middle;
    }
    if (low >= this.#rows || this.#seqOf(low) !== seq) return null;
    const row = this.#rowOf(low);
    return this.#packing === null ? (this.#values[row] as Fact) : this.#unpack(this.#packing, row);
  }

  /** Forgets the oldest facts until it weighs no more than this, but none from `seq` on. Returns how many. */
  cut(weight: number, seq: number): number {
    const before = this.#rows;
    while (this.weight > weight && this.oldestSeq < seq) {
      const row = this.#first;
      this.weight -= this.#numbers[row * this.#numbersEach + weightPlace] ?? 0;
      this.#values.fill(null, row * this.#valuesEach, (row + 1) * this.#valuesEach);
      this.#first = this.#rowOf(1);
      this.#rows -= 1;
    }
    if (this.#room > fewestRows && this.#rows * 4 < this.#room) this.#resize(this.#room / 2);
    return before - this.#rows;
  }

  #rowOf(index: number): number {
    return (this.#first + index) & (this.#room - 1);
  }

  #seqOf(index: number): number {
    return this.#numbers[this.#rowOf(index) * this.#numbersEach + seqPlace] ?? 0;
  }

  #sizeOf(body: FactBody): number {
    if (this.#packing === null) return sizeOf(body);
    const fields = fieldsOf(body);
    let size = this.actor.length + valueLength * (numbersPacked + this.#packing.fields.length);
    for (const name of this.#packing.words) size += fields[name]?.length ?? 0;
    return size;
  }

  #pack(body: FactBody, { numbers, words }: Packing, row: number): void {
    const fields = fieldsOf(body);
    let at = row * this.#numbersEach + generationPlace;
    this.#numbers[at] = body.generation ?? Number.NaN;
    for (const name of numbers) {
      at += 1;
      this.#numbers[at] = fields[name] ?? Number.NaN;
    }
    at = row * this.#valuesEach;
    for (const name of words) {
      this.#values[at] = fields[name];
      at += 1;
    }
  }

  #unpack({ fields }: Packing, row: number): Fact {
    let numberAt = row * this.#numbersEach;
    let wordAt = row * this.#valuesEach;
    const { type, actor } = this;
    const generation = this.#numbers[numberAt + generationPlace] ?? Number.NaN;
    const fact: Record<string, unknown> = {
      seq: this.#numbers[numberAt + seqPlace],
      at: isoTime(this.#numbers[numberAt + timePlace] ?? 0),
      type,
      actor,
      ...(!Number.isNaN(generation) && { generation }),
    };
    numberAt += numbersPacked;
    for (const [name, kind] of fields) {
      fact[name] = kind === 'number' ? this.#numbers[numberAt++] : this.#values[wordAt++];
    }
    return Object.freeze(fact) as unknown as Fact;
  }

  #resize(room: number): void {
    const numbers = beginningAt(this.#first * this.#numbersEach, this.#numbers);
    const values = beginningAt(this.#first * this.#valuesEach, this.#values);
    const grows = room > this.#room;
    this.#numbers = grows ? numbers.concat(numbers) : numbers.slice(0, room * this.#numbersEach);
    this.#values = grows ? values.concat(values) : values.slice(0, room * this.#valuesEach);
    this.#values.fill(null, this.#rows * this.#valuesEach);
    this.#first = 0;
    this.#room = room;
  }
}

function beginningAt<Item>(first: number, ring: readonly Item[]): Item[] {
  return ring.slice(first).concat(ring.slice(0, first));
}
