/** Reads files of `KEY=VALUE` lines: comments, quotes, `export`, and quoted text over several lines. */

/**
 * One variable. The platform's own parser (`util.parseEnv` of Node 20) treats a line without `=` as the beginning of
 * the next name, keeps tabs before a value, and ends double-quoted text at the first `\"`. The quotes must close before
 * the end of a line or a comment; otherwise they are part of the value.
 */
const pattern =
  /^[^\S\n]*(?:export[^\S\n]+)?(?<name>[^\s=#'"`]+)[^\S\n]*=[^\S\n]*(?:(?:"(?<double>(?:\\"|[^"])*)"|'(?<single>[^']*)'|`(?<back>[^`]*)`)[^\S\n]*(?=#|$)|(?<bare>[^#\n]*))/gm;

/** Values are kept as they are: no `${…}` in them is expanded. Lines that set nothing are skipped. */
export function parseEnvFile(text: string): ReadonlyMap<string, string> {
  const content = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const found = [...content.matchAll(pattern)].map(({ groups }): [string, string] => [
    groups?.name ?? '',
    contentOf(groups ?? {}),
  ]);
  return new Map(found);
}

function contentOf({ double, single, back, bare = '' }: Readonly<Record<string, string | undefined>>): string {
  return double === undefined ? (single ?? back ?? bare.trim()) : unescaped(double);
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
]);

/** Unescapes only what cannot be written otherwise: a path with backslashes stays as it is. */
function unescaped(text: string): string {
  return text.replace(/\\(["nr])/g, (_, sign: string) => escapes.get(sign) ?? sign);
}
