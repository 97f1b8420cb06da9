/** How much memory is taken by the event that a stream has begun and not ended. */

export interface UnfinishedEvent {
  /** In bytes: rather too much than too little. */
  readonly weight: number;
  /** Call it with each piece of the stream before that is parsed; its line ends are line feeds. */
  feed(piece: string): void;
  /** Call it for each comment that is parsed: nothing of it is kept. */
  comment(text: string): void;
}

/** A string takes it besides its letters, in bytes: each line of an event is one, and each piece of a line. */
const perString = 64;

export function createUnfinishedEvent(): UnfinishedEvent {
  let letters = 0;
  let lines = 0;
  let pieces = 0;
  let hasLineEnded = false;
  /** An event ended within the last piece: which of its comments were counted is not known. */
  let hasEventEnded = false;

  return {
    get weight() {
      return letters + perString * (lines + pieces);
    },
    feed(piece) {
      if (piece === '') return;
      const end = endOfEvents(piece, hasLineEnded);
      hasEventEnded = end > 0;
      hasLineEnded = piece.endsWith('\n');
      if (hasEventEnded) letters = lines = pieces = 0;
      letters += piece.length - end;
      const before = lines;
      for (let at = piece.indexOf('\n', end); at !== -1; at = piece.indexOf('\n', at + 1)) lines += 1;
      // Pieces of a line become one string when the line ends.
      if (lines > before) pieces = 0;
      if (!hasLineEnded) pieces += 1;
    },
    comment(text) {
      if (hasEventEnded) return;
      letters -= text.length + 2;
      lines -= 1;
    },
  };
}

/** Where the last empty line of a piece ends; 0: it has none. */
function endOfEvents(piece: string, hasLineEnded: boolean): number {
  const at = piece.lastIndexOf('\n\n');
  if (at !== -1) return at + 2;
  return hasLineEnded && piece.startsWith('\n') ? 1 : 0;
}
