/** Splits bytes into lines at a limited cost: long lines are cut, and in a flood lines are only counted. */

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Reports the last line, complete or not, and how many were left out. */
  end(): void;
}

/**
 * Longest line reported, in bytes. More than is shown, so that a secret at the end of what is shown is still recognised
 * as a whole.
 */
const maxLineBytes = 16 * 1024;
/** Lines reported per second: as many as a disk and a reader can take from one server. */
const maxLinesPerSecond = 10_000;
const lineEnd = 10;

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let partial: Buffer[] = [];
  let partialBytes = 0;
  let secondBeganAtMs = performance.now();
  let linesThisSecond = 0;
  let leftOut = 0;

  const reportLeftOut = (): void => {
    if (leftOut > 0) onLine(`(${leftOut} lines left out: more than ${maxLinesPerSecond} in a second)`);
    leftOut = 0;
  };
  const turnSecond = (): void => {
    if (performance.now() - secondBeganAtMs < 1_000) return;
    secondBeganAtMs = performance.now();
    linesThisSecond = 0;
    reportLeftOut();
  };
  const append = (piece: Buffer): void => {
    const room = maxLineBytes - partialBytes;
    if (room <= 0 || piece.length === 0) return;
    // A copy: a view would keep the whole chunk in memory.
    partial.push(Buffer.from(piece.subarray(0, room)));
    partialBytes += Math.min(piece.length, room);
  };
  const finish = (): void => {
    const line = partial.length === 1 ? partial[0] : Buffer.concat(partial);
    partial = [];
    partialBytes = 0;
    linesThisSecond += 1;
    if (linesThisSecond > maxLinesPerSecond) leftOut += 1;
    else onLine((line ?? '').toString().replace(/\r$/, ''));
  };

  return {
    push(chunk) {
      turnSecond();
      let from = 0;
      for (let to = chunk.indexOf(lineEnd); to !== -1; to = chunk.indexOf(lineEnd, from)) {
        if (linesThisSecond >= maxLinesPerSecond && partialBytes === 0) leftOut += 1;
        else {
          append(chunk.subarray(from, to));
          finish();
        }
        from = to + 1;
      }
      append(chunk.subarray(from));
    },
    end() {
      if (partialBytes > 0) finish();
      reportLeftOut();
    },
  };
}
