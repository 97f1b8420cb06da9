/**
 * Words of strangers, made visible: the one function through which text goes on its way to a terminal or a log.
 *
 * Servers, files and other programs name tools, fail, and write on stderr as they like. A terminal obeys control
 * characters, bidirectional marks reorder what a person reads, and characters without width hide something from them.
 */

/**
 * As `text`, with `\uXXXX` in place of every such character, and without what only sets colours. Line breaks and tabs
 * stay. A JSON document remains the same document: in one, these characters are only within strings.
 */
export function toVisible(text: string): string {
  return text.replaceAll(colours, '').replaceAll('\r\n', '\n').replaceAll(invisible, toEscape);
}

/** Many programs colour what they write on stderr. */
const escapeKey = '\u001b';
const colours = new RegExp(String.raw`${escapeKey}\[[\d;:]*m`, 'g');

/** Emoji need two of these characters: one that joins them, one that chooses how they look. */
const joiner = String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`;
const selector = String.raw`(?<=\p{Emoji})[\ufe0e\ufe0f]`;

const invisible = new RegExp(
  String.raw`(?![\n\t]|${joiner}|${selector})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`,
  'gu',
);

/** As JSON has it, in UTF-16. */
function toEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}
