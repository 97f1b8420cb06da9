/** Notices that a process which has to speak again and again does not. */

export class Silence {
  #withinMs = 0;
  #onSilent = () => {};
  #timer: NodeJS.Timeout | undefined;

  /** From now on, instead of any watch before: `onSilent` is called once. 0 ms or less: never. */
  watch(withinMs: number, onSilent: () => void): void {
    this.#withinMs = withinMs;
    this.#onSilent = onSilent;
    this.heard();
  }

  /** It has spoken. */
  heard(): void {
    clearTimeout(this.#timer);
    if (this.#withinMs <= 0) return;
    const freshMs = (this.#withinMs * 3) / 4;
    // In two steps: what came while our own loop stood still is read before the second one is over.
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => this.#end(), this.#withinMs - freshMs);
    }, freshMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#withinMs = 0;
  }

  #end(): void {
    this.stop();
    this.#onSilent();
  }
}
