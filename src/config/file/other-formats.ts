/** Recognises what people write where JSON is expected, so that a mistake is told as what it is. */

export interface Slip {
  readonly message: string;
  readonly hint: string;
}

interface Format extends Slip {
  readonly pattern: RegExp;
}

const inJson = 'write JSON: {"mcpServers": {"name": {…}}}';

/** Told by the first line that is no comment. */
const formats: readonly Format[] = [
  { pattern: /^```/, message: 'this is Markdown around the JSON', hint: 'leave out the lines with ```' },
  { pattern: /^<[!?a-z]/i, message: 'this is a web page or XML, not JSON', hint: inJson },
  { pattern: /^\[{1,2}[A-Za-z_][\w."-]*\]{1,2}$/, message: 'this is TOML, not JSON', hint: inJson },
  {
    pattern: /^(?:export )?[A-Za-z_][\w.]*[ \t]*=/,
    message: 'this is TOML or a list of variables, not JSON',
    hint: inJson,
  },
  { pattern: /^(?:---|[A-Za-z_][\w-]*:(?: |$))/, message: 'this is YAML, not JSON', hint: inJson },
  { pattern: /^\0/, message: 'the file holds NUL bytes: it was damaged', hint: 'write it again, or bring back a copy' },
];

const mergeMark = /^(?:<{7}|={7}|>{7})(?: |$)/m;
/** Longer first lines say nothing about a format. */
const longestLine = 256;

/** What a text that is no JSON is instead, and where that shows; null: it is meant as JSON. */
export function otherFormatOf(text: string): (Slip & { readonly offset: number }) | null {
  const mark = mergeMark.exec(text);
  if (mark !== null)
    return {
      message: 'this is the mark of a merge that is not finished',
      hint: 'keep one of the two sides, and leave the marks out',
      offset: mark.index,
    };
  let offset = 0;
  for (const line of text.split('\n')) {
    const words = line.trim();
    if (words !== '' && !words.startsWith('#')) {
      const found =
        words.length > longestLine && !words.startsWith('\0')
          ? undefined
          : formats.find(({ pattern }) => pattern.test(words));
      return found === undefined ? null : { message: found.message, hint: found.hint, offset };
    }
    offset += line.length + 1;
  }
  return null;
}

const quotes = 'in JSON, text stands between straight double quotes: "…"';

/** What is wrong at a place where a value or name was expected; null: nothing that is known. */
export function slipAt(text: string, offset: number): Slip | null {
  const rest = text.slice(offset, offset + 64);
  const [first = ''] = rest;
  if (/["“”„‟‘’‚‛«»]/.test(first) && first !== '"')
    return { message: 'this is a typographic quotation mark', hint: quotes };
  if (first === "'" || first === '`') return { message: 'this quotation mark is not one of JSON', hint: quotes };
  if (first === '#') return { message: 'this is no comment of JSON', hint: 'comments begin with //' };
  if (/[^\P{C}\n\r\t]|[^\P{Z} ]/u.test(first)) {
    const code = (first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return { message: `here is a character that cannot be seen (U+${code})`, hint: 'remove it' };
  }
  const [word = ''] = /^[A-Za-z_]\w*/.exec(rest) ?? [];
  if (/^(?:true|false|null)$/i.test(word))
    return { message: `this is not how JSON writes ${word.toLowerCase()}`, hint: 'use small letters' };
  if (/^(?:None|nil|undefined)$/.test(word))
    return { message: 'this is not how JSON writes nothing', hint: 'write null' };
  if (word !== '' && /^\s*:/.test(rest.slice(word.length)))
    return { message: 'this name stands without quotes', hint: quotes };
  return null;
}
