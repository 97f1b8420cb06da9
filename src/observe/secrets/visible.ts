/**
 * What a text says once it is read: without what a terminal does not show, and with its escapes decoded. A server that
 * colours a part of a secret, hides characters in it, or writes some of them as `%2F` or `\u002f`, has still printed the
 * secret.
 */

export interface Visible {
  readonly text: string;
  /** Where the character at `index` begins in the text it came from. */
  originOf(index: number): number;
  /** Where the character at `index` ends in the text it came from. */
  endOf(index: number): number;
}

/**
 * Control sequences as a whole (ECMA-48); of strings to the terminal (titles, links) the introducer only, since their
 * content may be what is looked for; control characters; and characters without a width. Each part is of other
 * characters than the one before it, so the time is linear.
 */
const sequence = String.raw`(?:\u001b\[|\u009b)[0-?]*[ -\/]*[@-~]|\u001b[ -\/]*[0-~]`;
/** Not tabs and line breaks, which are seen. */
const character = String.raw`(?![\t\n\r])[\p{Cc}\p{Cf}]`;
const unseen = new RegExp(`${sequence}|${character}`, 'gu');

/** Strings to the terminal with their content, if they end soon: nothing of them is shown. */
const terminalString = String.raw`\u001b[\]PX^_][^\u0007\u001b\u009c]{0,256}(?:\u0007|\u001b\\|\u009c)`;
const unseenStrings = new RegExp(`${terminalString}|${sequence}|${character}`, 'gu');

/** Characters of ASCII as URLs, JSON and JavaScript escape them; any number of backslashes, as of JSON within JSON. */
const escapedCharacter = /%([0-7][\da-f])|(?<!\\)\\+(?:u00([0-7][\da-f])|x([0-7][\da-f])|(["'\\/]))/gi;

/** A text that was encoded by one program after the other is decoded as often; who encodes more often hides on purpose. */
const mostDecodings = 3;

/** Every way to read it but the one as it is written. Empty: there is no other. */
export function visibleIn(text: string): readonly Visible[] {
  const found: Visible[] = [];
  /** How the text that is looked at came from `text`, the last step first. */
  let steps: readonly Visible[] = [];
  for (let times = 0; times <= mostDecodings; times += 1) {
    const shown = shownOf(steps[0]?.text ?? text).map((step) => [step, ...steps]);
    found.push(...shown.map(through));
    steps = shown[0] ?? steps;
    const decoded = times < mostDecodings ? decodedFrom(steps[0]?.text ?? text) : null;
    if (decoded === null) break;
    steps = [decoded, ...steps];
    found.push(through(steps));
  }
  return found;
}

/** Both ways to see it, with the content of strings to the terminal and without. */
function shownOf(text: string): readonly Visible[] {
  const withContent = rewritten(text, unseen, () => '');
  if (withContent === null) return [];
  const plain = text.includes('\u001b') ? rewritten(text, unseenStrings, () => '') : null;
  return plain === null ? [withContent] : [withContent, plain];
}

function decodedFrom(text: string): Visible | null {
  if (!text.includes('%') && !text.includes('\\')) return null;
  return rewritten(text, escapedCharacter, ([, url, json, script, plain]) => {
    const code = url ?? json ?? script;
    return code === undefined ? (plain ?? '') : String.fromCharCode(Number.parseInt(code, 16));
  });
}

/** Each is of the text of the one after it. */
function through(steps: readonly Visible[]): Visible {
  return {
    text: steps[0]?.text ?? '',
    originOf: (index) => steps.reduce((at, step) => step.originOf(at), index),
    endOf: (index) => steps.reduce((end, step) => step.endOf(end - 1), index + 1),
  };
}

interface Piece {
  /** Where it begins in the result. */
  readonly start: number;
  /** Where it begins in the text. */
  readonly origin: number;
  /** How long each of its characters is in the text. */
  readonly width: number;
}

/** `replace` gives one character, or none. Null: nothing of it is replaced. */
function rewritten(text: string, what: RegExp, replace: (match: RegExpExecArray) => string): Visible | null {
  const words: string[] = [];
  const pieces: Piece[] = [];
  let start = 0;
  let from = 0;
  const add = (word: string, width: number) => {
    if (word === '') return;
    pieces.push({ start, origin: from, width });
    words.push(word);
    start += word.length;
  };
  for (const match of text.matchAll(what)) {
    add(text.slice(from, match.index), 1);
    from = match.index;
    add(replace(match), match[0].length);
    from += match[0].length;
  }
  if (from === 0) return null;
  add(text.slice(from), 1);
  return {
    text: words.join(''),
    originOf(index) {
      const piece = pieceAt(pieces, index);
      return piece.origin + (index - piece.start) * piece.width;
    },
    endOf(index) {
      const piece = pieceAt(pieces, index);
      return piece.origin + (index - piece.start + 1) * piece.width;
    },
  };
}

const noPiece: Piece = { start: 0, origin: 0, width: 1 };

/** By halving: a text may be cut into as many pieces as it has characters. */
function pieceAt(pieces: readonly Piece[], index: number): Piece {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pieces[middle]?.start ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return pieces[low] ?? noPiece;
}
