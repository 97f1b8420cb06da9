/** Reads JSON with comments and trailing commas, and reports every mistake. */

import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Problem } from '../errors.ts';
import { errorAt, type Path } from './problems.ts';

const words: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is neither a value nor text in double quotes',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'a name in double quotes is expected',
  ValueExpected: 'a value is expected',
  ColonExpected: 'a colon is expected',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a closing brace } is missing',
  CloseBracketExpected: 'a closing bracket ] is missing',
  EndOfFileExpected: 'nothing more is expected here',
  InvalidCommentToken: 'this is not a comment',
  UnexpectedEndOfComment: 'the comment does not end',
  UnexpectedEndOfString: 'the text does not end on its line',
  UnexpectedEndOfNumber: 'the number does not end',
  InvalidUnicode: 'the \\u escape is not valid',
  InvalidEscapeCharacter: 'the escape after \\ is not valid',
  InvalidCharacter: 'this character is not allowed here; control characters need an escape',
};

/**
 * The value of a text, or `undefined` with every reason why there is none. A duplicate name in an object is an error,
 * too.
 */
export function readJsonc(text: string): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (content.trim() === '')
    return { value: undefined, problems: [errorAt([], 'the file is empty', 'write at least {"mcpServers": {}}')] };
  const errors: ParseError[] = [];
  const problems: Problem[] = [];
  try {
    const root = parseTree(content, errors, { allowTrailingComma: true });
    problems.push(...errors.map((error) => syntaxProblem(content, error)));
    if (root === undefined) return { value: undefined, problems };
    const value = toValue(root, [], { text: content, problems });
    return { value: problems.length > 0 ? undefined : value, problems };
  } catch (error) {
    // The parser is recursive: only a text nested thousands of levels deep gets here.
    if (!(error instanceof RangeError)) throw error;
    return { value: undefined, problems: [errorAt([], 'the file is nested too deeply', null)] };
  }
}

function syntaxProblem(text: string, { error, offset }: ParseError): Problem {
  return errorAt([], `${placeOf(text, offset)}: ${words[printParseErrorCode(error)] ?? 'this is not JSON'}`, null);
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

interface Reading {
  readonly text: string;
  readonly problems: Problem[];
}

/** Builds its own objects: the parser's would let a key `__proto__` set a prototype, and lose duplicates. */
function toValue(node: Node, path: Path, reading: Reading): unknown {
  const children = node.children ?? [];
  if (node.type === 'array') return children.map((child, index) => toValue(child, [...path, index], reading));
  if (node.type !== 'object') return node.value;
  const fields = new Map<string, unknown>();
  for (const { children: [key, value] = [] } of children) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    const at = [...path, name];
    if (fields.has(name))
      reading.problems.push(
        errorAt(at, `stands twice, the second time in ${placeOf(reading.text, key.offset)}`, 'remove one of the two'),
      );
    fields.set(name, toValue(value, at, reading));
  }
  return Object.fromEntries(fields);
}
