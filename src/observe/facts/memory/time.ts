/** The times of facts as text. */

let lastMs = Number.NaN;
let lastText = '';

/** UTC ISO 8601. Many facts share a millisecond, and formatting costs more than all the rest of publishing. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
