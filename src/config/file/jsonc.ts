/** Reads JSON with comments and trailing commas, and reports every mistake. */

import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Problem } from '../../errors.ts';
import { isTooDeep } from '../../text/json.ts';
import { errorAt, type Path } from '../problems.ts';
import { otherFormatOf, slipAt } from './other-formats.ts';
import { hasTooManyParts, mostParts } from './parts.ts';
import { containerOf, createOffsets, createPlaces, type Place } from './places.ts';

const words: ReadonlyMap<string, string> = new Map([
  ['InvalidSymbol', 'this is neither a value nor text in double quotes'],
  ['InvalidNumberFormat', 'this is not a number'],
  ['PropertyNameExpected', 'a name in double quotes is expected'],
  ['ValueExpected', 'a value is expected'],
  ['ColonExpected', 'a colon is expected'],
  ['CommaExpected', 'a comma is missing before this'],
  ['CloseBraceExpected', 'a closing brace } is missing'],
  ['CloseBracketExpected', 'a closing bracket ] is missing'],
  ['EndOfFileExpected', 'nothing more is expected here'],
  ['InvalidCommentToken', 'this is not a comment'],
  ['UnexpectedEndOfComment', 'the comment does not end'],
  ['UnexpectedEndOfString', 'the text does not end on its line'],
  ['UnexpectedEndOfNumber', 'the number does not end'],
  ['InvalidUnicode', 'the \\u escape is not valid'],
  ['InvalidCharacter', 'this character is not allowed here; control characters need an escape'],
]);

/** A program gets a replacement character in its place. */
const half = /\p{Cs}/u;

const tooDeep = errorAt([], 'the file is nested too deeply', null);
const tooMany = errorAt([], `the file has more than ${mostParts} names, values and signs`, null);

/** More mistakes than anybody reads at once. */
const mostMistakes = 50;

/** What is wrong in JSON that can be read: a name that stands twice in an object, text with half a character. */
export interface Finding {
  readonly path: Path;
  readonly problem: Problem;
}

export interface Read {
  /** Of two fields with the same name the last one. `undefined` if there are problems. */
  readonly value: unknown;
  /** Why the text is no JSON. */
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
  /** The same problem with its line and column, as far as the text has its path. */
  locate(problem: Problem): Problem;
}

/** Reads a text. Does not throw. */
export function readJsonc(text: string): Read {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (content.trim() === '') return unread([errorAt([], 'the file is empty', 'write at least {"mcpServers": {}}')]);
  if (hasTooManyParts(content)) return unread([tooMany]);
  const errors: ParseError[] = [];
  const placeOf = createPlaces(content);
  try {
    const root = parseTree(content, errors, { allowTrailingComma: true });
    const mistakes = syntaxProblems(content, errors, placeOf);
    if (root === undefined || mistakes.length > 0) return unread(mistakes);
    const findings: Finding[] = [];
    const value = toValue(root, [], { placeOf, findings });
    return isTooDeep(value) ? unread([tooDeep]) : { value, problems: [], findings, locate: locator(root, placeOf) };
  } catch (error) {
    // The parser is recursive: only a text nested thousands of levels deep gets here.
    if (!(error instanceof RangeError)) throw error;
    return unread([tooDeep]);
  }
}

function unread(problems: readonly Problem[]): Read {
  return { value: undefined, problems, findings: [], locate: (problem) => problem };
}

type PlaceOf = (offset: number) => Place;

function locator(root: Node, placeOf: PlaceOf): Read['locate'] {
  const offsetOf = createOffsets(root);
  return (problem) => {
    for (let path: string | null = problem.path; path !== null; path = containerOf(path)) {
      const offset = offsetOf(path);
      if (offset !== undefined) return { ...problem, ...placeOf(offset) };
    }
    return problem;
  };
}

/**
 * The first mistake of each line: one is noticed several times by what follows it, a missing brace once for each level
 * that it leaves open.
 */
function syntaxProblems(content: string, errors: readonly ParseError[], placeOf: PlaceOf): readonly Problem[] {
  const [first] = errors;
  if (first === undefined) return [];
  const other = otherFormatOf(content);
  if (other !== null) return [{ ...errorAt([], other.message, other.hint), ...placeOf(other.offset) }];
  const problems = new Map<string, Problem>();
  for (const { error, offset } of errors) {
    const place = placeOf(offset);
    const code = printParseErrorCode(error);
    const { message, hint } = wordsFor(code, content, offset);
    const key = code.endsWith('Expected') && code.startsWith('Close') ? `${place.line} ${message}` : String(place.line);
    if (!problems.has(key)) problems.set(key, { ...errorAt([], message, hint), ...place });
    if (problems.size >= mostMistakes) break;
  }
  return [...problems.values()];
}

function wordsFor(
  code: string,
  content: string,
  offset: number,
): { readonly message: string; readonly hint: string | null } {
  if (code === 'InvalidEscapeCharacter')
    return { message: 'the escape after \\ is not valid', hint: 'a backslash itself is written twice: "C:\\\\Users"' };
  const slip = code === 'InvalidSymbol' || code.endsWith('Expected') ? slipAt(content, offset) : null;
  return slip ?? { message: words.get(code) ?? 'this is not JSON', hint: null };
}

interface Reading {
  readonly placeOf: PlaceOf;
  readonly findings: Finding[];
}

/** Builds its own objects: the parser's would let a key `__proto__` set a prototype, and lose findings. */
function toValue(node: Node, path: Path, reading: Reading): unknown {
  const children = node.children ?? [];
  if (node.type === 'array') return children.map((child, index) => toValue(child, [...path, index], reading));
  if (node.type !== 'object') {
    if (typeof node.value === 'string' && half.test(node.value))
      reading.findings.push({
        path,
        problem: errorAt(
          path,
          'holds half of a character: one \\u escape of two',
          'write both, or the character itself',
        ),
      });
    return node.value;
  }
  const fields = new Map<string, unknown>();
  const firsts = new Map<string, number>();
  for (const { children: [key, value] = [] } of children) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    const at = [...path, name];
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, key.offset);
    else {
      const { line, column } = reading.placeOf(first);
      const message = `stands twice, the first time in line ${line}, column ${column}`;
      reading.findings.push({ path: at, problem: errorAt(at, message, 'remove one of the two') });
    }
    fields.set(name, toValue(value, at, reading));
  }
  return Object.fromEntries(fields);
}
