/** Lines of stderr that cannot be told now: the last of them are kept, and how many were lost. A server never waits. */

/** At most so many are kept, in characters. */
const mostLength = 64 * 1024;

export class UnheardLines {
  #lines: string[] = [];
  #length = 0;
  #lost = 0;

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  keep(lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#length += line.length;
    }
    let first = 0;
    for (; this.#length > mostLength; first += 1) this.#length -= this.#lines[first]?.length ?? 0;
    this.#lines.splice(0, first);
    this.#lost += first;
  }

  /** Hands them over, oldest first, with a line that says how many there were before them. */
  take(): readonly string[] {
    const lines = this.#lost === 0 ? this.#lines : [`(${this.#lost} lines before this one were lost)`, ...this.#lines];
    this.#lines = [];
    this.#length = 0;
    this.#lost = 0;
    return lines;
  }
}
