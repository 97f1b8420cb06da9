/** Log lines have no numbers: after a reconnect, lines that were shown before are recognised by their times. */

export interface Resume {
  /** The stream starts again, with lines that may have been shown. */
  reopened(): void;
  /** Whether the next line, written at `at`, has not been shown before. */
  isNew(at: string): boolean;
}

export function createResume(): Resume {
  let last = '';
  /** Lines shown with the time `last`, and how many of them the new stream has repeated. */
  let shown = 0;
  let repeated = 0;
  return {
    reopened() {
      repeated = 0;
    },
    isNew(at) {
      if (at < last) return false;
      if (at === last && repeated < shown) {
        repeated += 1;
        return false;
      }
      shown = at === last ? shown + 1 : 1;
      repeated = shown;
      last = at;
      return true;
    },
  };
}
