/** A terminal that knows what a block uses: line breaks, going up, and wiping from the cursor on. */
export function screenOf(text: string): readonly string[] {
  const lines = [''];
  let row = 0;
  for (const [, up, wipe, words] of text.replaceAll('\u001b', '⎋').matchAll(/⎋\[(\d+)A|(⎋\[0J)|([^⎋]+)/g)) {
    if (up !== undefined) row -= Number(up);
    else if (wipe !== undefined) lines.splice(row, lines.length, '');
    else {
      for (const [index, piece] of (words ?? '').split('\n').entries()) {
        if (index > 0) row += 1;
        lines[row] = (lines[row] ?? '') + piece;
      }
    }
  }
  return lines.filter((line, index) => line !== '' || index < lines.length - 1);
}
