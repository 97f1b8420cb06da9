/** Reads JSON with comments and trailing commas, and reports every mistake. */

import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Problem } from '../../errors.ts';
import { isTooDeep } from '../../text/json.ts';
import { errorAt, type Path } from '../problems.ts';
import { containerOf, createPlaces, offsetsIn, type Place } from './places.ts';

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
  ['InvalidEscapeCharacter', 'the escape after \\ is not valid'],
  ['InvalidCharacter', 'this character is not allowed here; control characters need an escape'],
]);

const tooDeep = errorAt([], 'the file is nested too deeply', null);

/** More mistakes than anybody reads at once. */
const mostMistakes = 50;

/** A name that stands twice in an object. */
export interface Duplicate {
  readonly path: Path;
  readonly problem: Problem;
}

export interface Read {
  /** Of two fields with the same name the last one. `undefined` if there are problems. */
  readonly value: unknown;
  /** Why the text is no JSON. */
  readonly problems: readonly Problem[];
  readonly duplicates: readonly Duplicate[];
  /** The same problem with its line and column, as far as the text has its path. */
  locate(problem: Problem): Problem;
}

/** Reads a text. Does not throw. */
export function readJsonc(text: string): Read {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (content.trim() === '') return unread([errorAt([], 'the file is empty', 'write at least {"mcpServers": {}}')]);
  const errors: ParseError[] = [];
  const placeOf = createPlaces(content);
  try {
    const root = parseTree(content, errors, { allowTrailingComma: true });
    const mistakes = syntaxProblems(errors, placeOf);
    if (root === undefined || mistakes.length > 0) return unread(mistakes);
    const duplicates: Duplicate[] = [];
    const value = toValue(root, [], { placeOf, duplicates });
    return isTooDeep(value) ? unread([tooDeep]) : { value, problems: [], duplicates, locate: locator(root, placeOf) };
  } catch (error) {
    // The parser is recursive: only a text nested thousands of levels deep gets here.
    if (!(error instanceof RangeError)) throw error;
    return unread([tooDeep]);
  }
}

function unread(problems: readonly Problem[]): Read {
  return { value: undefined, problems, duplicates: [], locate: (problem) => problem };
}

type PlaceOf = (offset: number) => Place;

/** The offsets are collected when the first problem is located: most texts have none. */
function locator(root: Node, placeOf: PlaceOf): Read['locate'] {
  let offsets: ReadonlyMap<string, number> | null = null;
  return (problem) => {
    offsets ??= offsetsIn(root);
    for (let path: string | null = problem.path; path !== null; path = containerOf(path)) {
      const offset = offsets.get(path);
      if (offset !== undefined) return { ...problem, ...placeOf(offset) };
    }
    return problem;
  };
}

/** One missing brace is noticed once for each level that it leaves open. */
function syntaxProblems(errors: readonly ParseError[], placeOf: PlaceOf): readonly Problem[] {
  const problems = new Map(
    errors.map(({ error, offset }) => {
      const message = words.get(printParseErrorCode(error)) ?? 'this is not JSON';
      return [`${offset} ${message}`, { ...errorAt([], message, null), ...placeOf(offset) }];
    }),
  );
  return [...problems.values()].slice(0, mostMistakes);
}

interface Reading {
  readonly placeOf: PlaceOf;
  readonly duplicates: Duplicate[];
}

/** Builds its own objects: the parser's would let a key `__proto__` set a prototype, and lose duplicates. */
function toValue(node: Node, path: Path, reading: Reading): unknown {
  const children = node.children ?? [];
  if (node.type === 'array') return children.map((child, index) => toValue(child, [...path, index], reading));
  if (node.type !== 'object') return node.value;
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
      reading.duplicates.push({ path: at, problem: errorAt(at, message, 'remove one of the two') });
    }
    fields.set(name, toValue(value, at, reading));
  }
  return Object.fromEntries(fields);
}
