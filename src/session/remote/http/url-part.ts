/** Parts of a URL, as they were meant. */

/** Without its percent-encoding. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone % was meant literally.
    return part;
  }
}
