/**
 * Validation by JSON Schema, drafts 7 and 2020-12. Servers wrote the schemas: a bad one never causes an exception, and
 * never refuses arguments that may be right.
 */

import type { ErrorObject, ValidateFunction } from 'ajv';
import { closestTo } from '../../config/spelling.ts';
import type { Problem } from '../../errors.ts';
import { wordsOf } from '../../text/error-words.ts';
import { weightOf } from '../../text/weight.ts';
import type { CallCheck } from '../contract.ts';
import { createBoundedAjv, type Dialect } from './bounded-ajv.ts';

/** How many compiled schemas are kept. The least recently used one is dropped, and compiled again when needed. */
const maxCompiled = 256;
const maxProblems = 100;
/** Errors that are looked at: many may say the same. */
const mostErrors = 1_000;
/** Largest schema that is compiled, in bytes of memory: a compilation holds up the loop. */
const mostSchemaBytes = 256 * 1024;
/** A longer name is no typing mistake, and costly to compare. */
const maxNameLength = 100;

type Validate = Compiled | { readonly reason: string };

interface Compiled {
  readonly validate: ValidateFunction;
  readonly begin: () => void;
}

export function createValidator(): (schema: object, args: unknown) => CallCheck {
  const compiled = new Map<object, Validate>();

  function compiledOf(schema: object): Validate {
    const validate = compiled.get(schema) ?? compile(schema);
    compiled.delete(schema);
    compiled.set(schema, validate);
    for (const oldest of compiled.keys()) {
      if (compiled.size <= maxCompiled) break;
      compiled.delete(oldest);
    }
    return validate;
  }

  return (schema, args) => {
    const found = compiledOf(schema);
    if ('reason' in found) return unchecked(found.reason);
    const { validate, begin } = found;
    try {
      begin();
      return validate(args)
        ? { valid: true, problems: [] }
        : { valid: false, problems: problemsOf(validate.errors ?? []) };
    } catch (error) {
      return unchecked(wordsOf(error));
    }
  };
}

/**
 * Without `$schema` the schema is tried as 2020-12, as MCP says, then as draft 7, which many servers still write.
 */
function compile(schema: object): Validate {
  const { $schema: dialect, $async: _, ...rest } = schema as Readonly<Record<string, unknown>>;
  const isDraft7 = typeof dialect === 'string' && dialect.includes('draft-0');
  const dialects: readonly Dialect[] = isDraft7 ? ['draft-07', '2020-12'] : ['2020-12', 'draft-07'];
  const bytes = weightOf(rest, mostSchemaBytes);
  if (bytes > mostSchemaBytes) return { reason: `it is larger than ${mostSchemaBytes} bytes` };
  let firstError: unknown;
  for (const one of dialects) {
    try {
      // A new instance for each schema: one server's schema must not refer to names in another's.
      const ajv = createBoundedAjv(one);
      return { validate: ajv.compile(rest, bytes), begin: ajv.begin };
    } catch (error) {
      firstError ??= error;
    }
  }
  return { reason: wordsOf(firstError) };
}

function unchecked(reason: string): CallCheck {
  const message = `the arguments cannot be checked: the tool's inputSchema is of no use (${reason})`;
  return { valid: true, problems: [{ path: '', message, hint: null, severity: 'warning' }] };
}

function problemsOf(errors: readonly ErrorObject[]): readonly Problem[] {
  const problems = new Map(
    errors
      .slice(0, mostErrors)
      .map(toProblem)
      .map((problem) => [`${problem.path}\0${problem.message}`, problem]),
  );
  return [...problems.values()].slice(0, maxProblems);
}

function toProblem({ instancePath, keyword, params, message = 'is not valid', parentSchema }: ErrorObject): Problem {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const at = (keys: readonly string[], text: string, hint: string | null): Problem => ({
    path: keys.join('.'),
    message: text,
    hint,
    severity: 'error',
  });
  const { missingProperty, additionalProperty, unevaluatedProperty, allowedValues, allowedValue } = params as Readonly<
    Record<string, unknown>
  >;
  if (keyword === 'required' && typeof missingProperty === 'string')
    return at([...path, missingProperty], 'is missing', null);
  const unknown = additionalProperty ?? unevaluatedProperty;
  if (typeof unknown === 'string')
    return at([...path, unknown], 'is not an argument of this tool', hintFor(unknown, parentSchema?.properties));
  if (Array.isArray(allowedValues))
    return at(path, `must be one of ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}`, null);
  return at(path, keyword === 'const' ? `must be ${JSON.stringify(allowedValue)}` : message, null);
}

function hintFor(unknown: string, properties: unknown): string | null {
  const known = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const closest = unknown.length > maxNameLength ? null : closestTo(unknown, known);
  return closest === null ? null : `did you mean ${closest}?`;
}
