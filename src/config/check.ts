/** Checks a value against a schema, and describes everything that is wrong with it in words a person can act on. */

import * as z from 'zod';
import { entryOf } from '../../machines/table.ts';
import type { Problem } from '../errors.ts';
import { isRecord } from '../text/json.ts';
import { hintOf } from './hints.ts';
import { errorAt, hasErrors, type Path, warningAt } from './problems.ts';
import { protoEntriesOf } from './proto-entries.ts';
import { hintForKey } from './spelling.ts';

export interface Checked<Data> {
  readonly data: Data | null;
  /** `data`, or `value` without its mistakes, which is good only for finding more of them. */
  readonly sound: Data | null;
  readonly problems: readonly Problem[];
}

/**
 * Checks `value` against `schema`. Unknown keys are warnings and left out of `data`; everything else is an error, and
 * then `data` is null.
 */
export function check<Shape extends z.ZodObject>(schema: Shape, value: unknown, path: Path): Checked<z.output<Shape>> {
  const first = parse(schema, value);
  if (first.data !== null) return { data: first.data, sound: first.data, problems: [] };
  const issues = first.issues.flatMap(flatten);
  const problems = issues.flatMap((issue) => toProblems(issue, { schema, value, path }));
  const known = issues.reduce(withoutUnknown, value);
  if (hasErrors(problems)) {
    const sound = parse(
      schema,
      issues.reduce((rest, issue) => withoutMistake(schema, rest, issue), known),
    );
    return { data: null, sound: sound.data, problems };
  }
  const { data } = parse(schema, known);
  return { data, sound: data, problems };
}

/** `data` is null if and only if there are issues. */
function parse<Shape extends z.ZodObject>(
  schema: Shape,
  value: unknown,
): { readonly data: z.output<Shape> | null; readonly issues: readonly Issue[] } {
  const parsed = schema.safeParse(value);
  const left = protoEntriesOf(schema, value);
  const issues = [...(parsed.error?.issues ?? []), ...left.issues];
  return { data: parsed.success && left.issues.length === 0 ? left.addTo(parsed.data) : null, issues };
}

/** Those problems of `more` whose place has none in `known`: what was left out as wrong is not missing. */
export function problemsElsewhere(known: readonly Problem[], more: readonly Problem[]): readonly Problem[] {
  const places = new Set(known.map(({ path }) => path));
  return more.filter(({ path }) => !places.has(path));
}

type Issue = z.core.$ZodIssue;

/** For a failed union, the issues of the branch that matched best: the one the writer meant. */
function flatten(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find((branch) =>
    branch.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

interface Question {
  readonly schema: z.core.$ZodType;
  readonly value: unknown;
  readonly path: Path;
}

function toProblems(issue: Issue, { schema, value, path: base }: Question): readonly Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) =>
      warningAt(
        [...path, key],
        'is not a setting of this version; it is kept and not acted on',
        hintForKey(key, known),
      ),
    );
  }
  const found = valueAt(value, issue.path);
  if (found === undefined && issue.code !== 'invalid_key') return [errorAt(path, 'is missing', null)];
  return [errorAt(path, messageOf(issue), hintOf(issue, found))];
}

/** The keys that the schema knows at `path`. */
function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional) return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysAt(option, path));
  const [step, ...rest] = path;
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest);
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const inner: unknown = entryOf(schema.shape, String(step));
  return inner instanceof z.ZodType ? keysAt(inner, rest) : [];
}

function messageOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindsInWords[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${spaced(issue.minimum)}`;
    case 'too_big':
      return `must be at most ${spaced(issue.maximum)}`;
    case 'invalid_value':
      return `must be ${issue.values
        .map((value) => JSON.stringify(value))
        .join(', ')
        .replace(/, ([^,]*)$/, ' or $1')}`;
    case 'invalid_key':
      return 'is not a name that can be used here';
    case 'invalid_union':
      return `must be ${issue.errors
        .map((branch) => branch[0])
        .filter((inner) => inner !== undefined)
        .map((inner) => messageOf(inner).replace(/^must be /, ''))
        .join(', or ')}`;
    case 'invalid_format':
      return 'is not written as it must be';
    default:
      return 'is not valid';
  }
}

const kindsInWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object: {…}',
  record: 'an object: {…}',
};

/** Writes 2147483647 as 2 147 483 647. */
function spaced(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner) && typeof step === 'number') return inner[step];
    return isRecord(inner) ? entryOf(inner, String(step)) : undefined;
  }, value);
}

/**
 * Leaves out the whole field, since related numbers should not be judged by one of them; in a record only the entry.
 */
function withoutMistake(schema: z.ZodObject, value: unknown, issue: Issue): unknown {
  const [key, name] = issue.path;
  if (issue.code === 'unrecognized_keys' || key === undefined) return value;
  const field: unknown = entryOf(schema.shape, String(key));
  const shape = field instanceof z.ZodOptional ? field.unwrap() : field;
  const isEntry = shape instanceof z.ZodRecord && name !== undefined;
  return without(value, isEntry ? [key] : [], new Set([String(isEntry ? name : key)]));
}

function withoutUnknown(value: unknown, issue: Issue): unknown {
  if (issue.code !== 'unrecognized_keys') return value;
  return without(value, issue.path, new Set(issue.keys));
}

function without(value: unknown, path: Path, keys: ReadonlySet<string>): unknown {
  const [step, ...rest] = path;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === step ? without(item, rest, keys) : item));
  if (!isRecord(value)) return value;
  if (step === undefined) return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key)));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === step ? without(inner, rest, keys) : inner]),
  );
}
