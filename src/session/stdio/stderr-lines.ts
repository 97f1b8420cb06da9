/** Bytes in, lines out, at a bounded price: long lines are cut, and in a flood lines are counted instead of told. */

export interface LineTeller {
  push(chunk: Buffer): void;
  /** Tells the last line, ended or not, and how many were left out. */
  end(): void;
}

/**
 * Longest line told, in bytes. More than is shown, so that a secret at the end of what is shown is still recognised as
 * a whole.
 */
const maxLineBytes = 16 * 1024;
/** Lines told per second; what a disk and a reader can take of one server. */
const maxLinesPerSecond = 10_000;
const lineEnd = 10;

export function createLineTeller(tell: (line: string) => void): LineTeller {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let secondBeganAtMs = performance.now();
  let toldThisSecond = 0;
  let leftOut = 0;

  const tellLeftOut = (): void => {
    if (leftOut > 0) tell(`(${leftOut} lines left out: more than ${maxLinesPerSecond} in a second)`);
    leftOut = 0;
  };
  const turnSecond = (): void => {
    if (performance.now() - secondBeganAtMs < 1_000) return;
    secondBeganAtMs = performance.now();
    toldThisSecond = 0;
    tellLeftOut();
  };
  const begin = (piece: Buffer): void => {
    const room = maxLineBytes - begunBytes;
    if (room <= 0 || piece.length === 0) return;
    // A copy: a view would hold on to the whole chunk it was read with.
    begun.push(Buffer.from(piece.subarray(0, room)));
    begunBytes += Math.min(piece.length, room);
  };
  const finish = (): void => {
    const line = begun.length === 1 ? begun[0] : Buffer.concat(begun);
    begun = [];
    begunBytes = 0;
    toldThisSecond += 1;
    if (toldThisSecond > maxLinesPerSecond) leftOut += 1;
    else tell((line ?? '').toString().replace(/\r$/, ''));
  };

  return {
    push(chunk) {
      turnSecond();
      let from = 0;
      for (let to = chunk.indexOf(lineEnd); to !== -1; to = chunk.indexOf(lineEnd, from)) {
        if (toldThisSecond >= maxLinesPerSecond && begunBytes === 0) leftOut += 1;
        else {
          begin(chunk.subarray(from, to));
          finish();
        }
        from = to + 1;
      }
      begin(chunk.subarray(from));
    },
    end() {
      if (begunBytes > 0) finish();
      tellLeftOut();
    },
  };
}
