/** The text a model gets when its call fails: what happened, and what to do now. */

import { type ErrorCode, type ErrorDetails, isMcpvisorError, type McpvisorError } from '../../../errors.ts';

const checkFirst =
  'It may have been done: check before you repeat it, and repeat it only if doing it twice does no harm.';

const adviceFor: { readonly [Code in ErrorCode]?: (details: ErrorDetails[Code], nowMs: number) => string } = {
  SERVER_NOT_CONNECTED: ({ nextRetryAt }, nowMs) => {
    if (nextRetryAt === null) return 'Do not repeat the call for now: go on without this tool, or tell the user.';
    const seconds = Math.max(1, Math.ceil((Date.parse(nextRetryAt) - nowMs) / 1000));
    return `Nothing was done. Call again in about ${seconds} s.`;
  },
  SERVER_BUSY: () => 'Nothing was done. Call again later, with fewer calls at a time.',
  CALL_TIMED_OUT: () => checkFirst,
  CALL_CANCELLED: () => checkFirst,
  OUTCOME_UNKNOWN: () => checkFirst,
  ANSWER_DROPPED: () => 'It may have been done: ask for less at a time, if doing it twice does no harm.',
  UPSTREAM_ERROR: ({ retryAfterMs }) =>
    typeof retryAfterMs === 'number'
      ? `Call again in about ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s.`
      : 'Correct the arguments if they were at fault; otherwise go on without this tool.',
  SHUTTING_DOWN: () => 'No tool can be called any more.',
};

/** For an error that is not a `McpvisorError`, the text says only that there was one: its message may hold anything. */
export function adviceOn(error: unknown, nowMs: number): string {
  if (!isMcpvisorError(error))
    return 'The call failed by a bug in the program that runs the tools. Go on without this tool.';
  const advice = wordsFor(error, nowMs);
  return advice === null ? error.message : `${error.message} ${advice}`;
}

function wordsFor<Code extends ErrorCode>({ code, details }: McpvisorError<Code>, nowMs: number): string | null {
  return adviceFor[code]?.(details, nowMs) ?? null;
}
