/** How much there is in a text of JSON: one that nobody wrote by hand must not keep the event loop busy. */

import { createScanner } from 'jsonc-parser';

/** Names, values and the signs around them: forty for each of as many servers as there may be. */
export const mostParts = 400_000;

/** Stops at the first part that is too many, before anything is made of the text. */
export function hasTooManyParts(text: string): boolean {
  const scanner = createScanner(text, true);
  for (let count = 0; count <= mostParts; count += 1) {
    scanner.scan();
    // At the end, where a part has no length.
    if (scanner.getTokenLength() === 0) return false;
  }
  return true;
}
