/**
 * Ajv for schemas of strangers: what one check costs is counted and bounded, so that no pattern, no reference that
 * leads to itself and no long list can hold up the loop.
 */

import { Ajv, type Options, str } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { RE2JS } from 're2js';
import { weightOf } from '../../text/weight.ts';

/** What one check may cost, in steps of the pattern matcher, some 200 ns each. */
const mostSteps = 1_000_000;
/**
 * What else is counted: a call of a compiled schema, which every reference is; a turn of a loop over what is checked;
 * and an error, which is an object. What is within a call or a turn grows with the schema, whose size is in bytes.
 */
const stepsPerCall = (schemaBytes: number): number => 10 + schemaBytes / 100;
const stepsPerTurn = (schemaBytes: number): number => 1 + schemaBytes / 4_096;
const stepsPerError = 20;
/** Longest pattern, and longest text that a format is checked on, in characters. */
const longestPattern = 1_024;
const longestFormatted = 2_048;

const options: Options = {
  strict: false,
  allErrors: true,
  verbose: true,
  meta: false,
  validateSchema: false,
  logger: false,
  // `constructor` is not given because every object has one.
  ownProperties: true,
  // Every reference becomes a call, which is counted.
  inlineRefs: false,
};

export type Dialect = 'draft-07' | '2020-12';

export interface BoundedAjv {
  /** `schemaBytes`: what the schema takes, at most about. */
  compile(schema: object, schemaBytes: number): ReturnType<Ajv['compile']>;
  /** Called before each check. */
  begin(): void;
}

/** The compiled functions throw when a check costs too much. */
export function createBoundedAjv(dialect: Dialect): BoundedAjv {
  let steps = 0;
  const spend = (cost: number): void => {
    steps += cost;
    if (steps > mostSteps) throw new Error('checking them takes too long');
  };
  const Validator = dialect === '2020-12' ? Ajv2020 : Ajv;
  const ajv = new Validator({
    ...options,
    code: { regExp: linearRegExp(spend), process: withCounters },
  });
  formats.default(ajv);
  for (const [name, format] of Object.entries(ajv.formats)) boundFormat(ajv, name, format);
  boundLengths(ajv, spend);
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate(isAsked: boolean, items: readonly unknown[]) {
      // Written as a text each time, and lists may be within lists.
      if (isAsked) spend(1 + weightOf(items, mostSteps * 100) / 100);
      return !isAsked || areUnique(items);
    },
    error: { message: 'must NOT have duplicate items' },
  });
  return {
    compile(schema, schemaBytes) {
      const [perCall, perTurn] = [stepsPerCall(schemaBytes), stepsPerTurn(schemaBytes)];
      Object.assign(ajv, {
        called: () => spend(perCall),
        turned: () => spend(perTurn),
        failed: () => spend(stepsPerError),
      });
      return ajv.compile(schema);
    },
    begin() {
      steps = 0;
    },
  };
}

/**
 * Where the code that Ajv generates is carried out again and again. Strings come first, as a whole: names and values of
 * the schema are in them, which may look like code, and which are as long as they like.
 */
const places = new RegExp(
  [
    String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`,
    String.raw`\bfunction validate\d+\(data, \{instancePath="", [\w, =]*(?:\{\})?\}=\{\}\)\{`,
    String.raw`\bfor ?\([^"{}]*\)\{`,
    String.raw`\berrors\+\+;`,
  ].join('|'),
  'gs',
);

/** What is counted after each of them, by how it begins. */
const counters = [
  ['function', 'called'],
  ['for', 'turned'],
  ['errors', 'failed'],
] as const;

function withCounters(code: string): string {
  return code.replace(places, (found) => {
    const [, counter] = counters.find(([beginning]) => found.startsWith(beginning)) ?? [];
    return counter === undefined ? found : `${found}self.${counter}();`;
  });
}

/** Ajv counts the characters of the whole text each time, which a schema may ask for as often as it likes. */
function boundLengths(ajv: Ajv, spend: (cost: number) => void): void {
  const characters = (text: string): number => {
    spend(1 + text.length / 20);
    let count = 0;
    for (let at = 0; at < text.length; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    return count;
  };
  const add = (keyword: string, comparison: 'fewer' | 'more') => {
    ajv.removeKeyword(keyword);
    ajv.addKeyword({
      keyword,
      type: 'string',
      schemaType: 'number',
      validate: (limit: number, text: string) =>
        comparison === 'fewer' ? characters(text) >= limit : characters(text) <= limit,
      error: { message: ({ schemaCode }) => str`must NOT have ${comparison} than ${schemaCode} characters` },
    });
  };
  add('minLength', 'fewer');
  add('maxLength', 'more');
}

/** Patterns in time that grows with the text only. Look-around and references back are refused. */
function linearRegExp(spend: (cost: number) => void) {
  const engine = (pattern: string) => {
    if (pattern.length > longestPattern) throw new Error(`a pattern has ${pattern.length} characters`);
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    const size = compiled.programSize();
    return {
      test(text: string): boolean {
        spend(Math.ceil((text.length * size) / 10) + 1);
        return compiled.matcher(text).find();
      },
    };
  };
  // Ajv asks for it when it writes code to a file, which it does not here.
  return Object.assign(engine, { code: 'linearRegExp' });
}

/** Some formats are checked in time that grows faster than the text: a long one passes unchecked. */
function boundFormat(ajv: Ajv, name: string, format: Ajv['formats'][string]): void {
  const check = format instanceof RegExp ? (text: string) => format.test(text) : format;
  if (typeof check === 'function')
    ajv.addFormat(name, (text: string) => text.length > longestFormatted || check(text) === true);
}

/** Ajv compares each item with each other one. */
function areUnique(items: readonly unknown[]): boolean {
  return new Set(items.map((item) => JSON.stringify(item, inOrder))).size === items.length;
}

/** The members of objects in the order of their names. */
function inOrder(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    : value;
}
