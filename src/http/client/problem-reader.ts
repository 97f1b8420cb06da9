/** Problem documents read back into errors: what was thrown there is thrown here, with the same code and details. */

import { type ErrorCode, type ErrorDetails, McpvisorError } from '../../errors.ts';
import { statusOf } from '../problem.ts';
import { problem } from '../schemas/problem.ts';

/** Null: it is no problem document, or one with a code that this version does not know. */
export function toError(document: unknown): McpvisorError | null {
  const { success, data } = problem.safeParse(document);
  if (!success || !isErrorCode(data.code)) return null;
  const { type: _, title: __, status: ___, detail, code, ...details } = data;
  try {
    // Its details come from outside and may lack what the wording needs.
    return new McpvisorError(data.code, details as unknown as ErrorDetails[ErrorCode]);
  } catch {
    return new McpvisorError('INTERNAL', { what: `${code}: ${detail}` });
  }
}

/** What somebody else's error answer says. */
export function describeProblem(document: unknown): string | null {
  return problem.safeParse(document).data?.detail ?? null;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(statusOf, code);
}
