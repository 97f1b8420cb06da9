/** Problem documents turned back into errors with the same code and details. */

import { type ErrorCode, type ErrorDetails, McpvisorError } from '../../errors.ts';
import { statusOf } from '../problem.ts';
import { problem } from '../schemas/problem.ts';

/** Null: not a problem document, or its code is unknown to this version. */
export function toError(document: unknown): McpvisorError | null {
  const { success, data } = problem.safeParse(document);
  if (!success || !isErrorCode(data.code)) return null;
  const { type: _, title: __, status: ___, detail, code, ...details } = data;
  try {
    // The details come from outside and may lack what the wording needs.
    return new McpvisorError(data.code, details as unknown as ErrorDetails[ErrorCode]);
  } catch {
    // In its own words then.
    return new McpvisorError('INTERNAL', { what: `${code}: ${detail}` });
  }
}

/** The text of an error answer that is not ours. */
export function describeProblem(document: unknown): string | null {
  return problem.safeParse(document).data?.detail ?? null;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(statusOf, code);
}
