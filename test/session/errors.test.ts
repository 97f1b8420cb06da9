import { describe, expect, it } from 'vitest';
import { type ErrorDetails, McpvisorError } from '../../src/errors.ts';

const server = 'a';
const method = 'tools/call';

/** Every error a session may reject with. */
const errors: { readonly [Code in keyof ErrorDetails]?: ErrorDetails[Code] } = {
  SERVER_NOT_CONNECTED: { server, state: 'stopping', nextRetryAt: null, reason: 'hung' },
  SERVER_BUSY: { server, queued: 3 },
  CALL_TIMED_OUT: { server, method, timeoutMs: 20 },
  CALL_CANCELLED: { server, method },
  OUTCOME_UNKNOWN: { server, method, reason: 'exited', sessionEnded: true },
  UPSTREAM_ERROR: { server, method, rpcCode: -32_050, rpcMessage: 'too hot', data: undefined },
  INVALID_REQUEST: {
    problems: [{ path: 'params', message: 'cannot be written as JSON', hint: null, severity: 'error' }],
  },
};

describe('an error that crosses the seam as its code and details', () => {
  it.each(Object.entries(errors))('says the same on the other side: %s', (code, details) => {
    const error = new McpvisorError(code as keyof ErrorDetails, details as never);
    const crossed = JSON.parse(JSON.stringify({ code: error.code, details: error.details })) as typeof error;
    const arrived = new McpvisorError(crossed.code, crossed.details);
    expect(arrived.message).toBe(error.message);
    expect(arrived.details).toEqual(error.details);
  });
});
