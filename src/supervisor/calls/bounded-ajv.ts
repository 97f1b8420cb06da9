/**
 * Ajv for schemas of strangers: what one check costs is counted and bounded, so that no pattern, no reference that
 * leads to itself and no long list can hold up the loop.
 */

import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { RE2JS } from 're2js';

/**
 * What one check may cost, in steps of the pattern matcher, some 200 ns each. A call of a compiled schema, which every
 * reference is, counts as so many.
 */
const mostSteps = 1_000_000;
const stepsPerCall = 10;
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
  compile(schema: object): ReturnType<Ajv['compile']>;
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
    code: { regExp: linearRegExp(spend), process: (code) => code.replace(beginningOfFunction, '$&self.spend();') },
  });
  Object.assign(ajv, { spend: () => spend(stepsPerCall) });
  formats.default(ajv);
  for (const [name, format] of Object.entries(ajv.formats)) boundFormat(ajv, name, format);
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (isAsked: boolean, items: readonly unknown[]) => !isAsked || areUnique(items),
    error: { message: 'must NOT have duplicate items' },
  });
  return {
    compile: (schema) => ajv.compile(schema),
    begin() {
      steps = 0;
    },
  };
}

/** Of each function that Ajv generates. */
const beginningOfFunction = /function validate\d+\(data, ?\{[^;]*?\}=\{\}\)\{/g;

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
