/** How the names that people give to servers and groups are written into texts, commands and queries. */

/** A name as a part of a sentence: in quotes, unless it is one plain word. */
export function toWords(name: string): string {
  return /^[\p{L}\p{M}\p{N}._:/@-]+$/u.test(name) ? name : JSON.stringify(name);
}

/** `files, "My Server"`. */
export function toNameList(names: readonly string[]): string {
  return names.map(toWords).join(', ');
}

/** A name as a word of a command line, for any shell of the POSIX family. */
export function toShellWord(name: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9._:/@-]*$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

/** Names as the value of one parameter: with commas between them. A comma or `%` in a name is percent-encoded. */
export function toNamesParameter(names: readonly string[]): string {
  return names.map((name) => name.replace(/[%,]/g, encodeURIComponent)).join(',');
}

export function parseNamesParameter(text: string): readonly string[] {
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => name.replace(/%(?:25|2c)/gi, decodeURIComponent));
}
