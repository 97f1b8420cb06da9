/** Every error that mcpvisor throws on purpose: a code, typed details, and a text that says what to do about it. */

import type { ErrorCode, ErrorDetails } from './errors/details.ts';
import { wording } from './errors/wording.ts';

export type { ErrorCode, ErrorDetails, Overheard, Problem } from './errors/details.ts';
export { heardText, toLine } from './errors/wording.ts';

/** The one class of errors thrown on purpose. Programs decide by `code`, which also sets the type of `details`. */
export class McpvisorError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'McpvisorError';
  readonly code: Code;
  readonly details: ErrorDetails[Code];

  constructor(code: Code, details: ErrorDetails[Code], options?: ErrorOptions) {
    super(wording[code](details), options);
    this.code = code;
    this.details = details;
  }
}

/** Whether `error` is a `McpvisorError`; if `code` is given, also whether it has that code. */
export function isMcpvisorError<Code extends ErrorCode>(error: unknown, code?: Code): error is McpvisorError<Code> {
  return error instanceof McpvisorError && (code === undefined || error.code === code);
}
