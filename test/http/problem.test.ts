import { describe, expect, it } from 'vitest';
import { McpvisorError } from '../../src/errors.ts';
import { toProblemDocument, toProblemResponse } from '../../src/http/problem.ts';

describe('an error of ours', () => {
  it('is a problem with its code and its details', () => {
    expect(
      toProblemDocument(new McpvisorError('CALL_TIMED_OUT', { server: 'a', method: 'tools/call', timeoutMs: 5 })),
    ).toEqual({
      type: '/docs/problems#call_timed_out',
      title: 'The call timed out',
      status: 504,
      detail: 'tools/call of server "a" got no answer within 5 ms.',
      code: 'CALL_TIMED_OUT',
      server: 'a',
      method: 'tools/call',
      timeoutMs: 5,
    });
  });

  it('keeps the members of the standard where a detail has the same name', () => {
    expect(toProblemDocument(new McpvisorError('UNSUPPORTED_MEDIA_TYPE', { type: 'text/html' })).type).toBe(
      '/docs/problems#unsupported_media_type',
    );
  });

  it('passes on what a server answered', () => {
    const error = new McpvisorError('UPSTREAM_ERROR', {
      server: 'a',
      method: 'tools/call',
      rpcCode: -32602,
      rpcMessage: 'no',
      data: { x: 1 },
    });
    expect(toProblemDocument(error)).toMatchObject({ status: 502, rpcCode: -32602, rpcMessage: 'no', data: { x: 1 } });
  });

  it('says how long to wait, at least a second', () => {
    const nextRetryAt = '2030-01-01T00:00:02.500Z';
    const error = new McpvisorError('SERVER_NOT_CONNECTED', {
      server: 'a',
      state: 'backoff',
      nextRetryAt,
      reason: 'exited',
    });
    const waitAt = (nowAt: string) => toProblemResponse(error, Date.parse(nowAt)).headers.get('retry-after');
    expect(waitAt('2030-01-01T00:00:00.000Z')).toBe('3');
    expect(waitAt('2030-01-01T00:00:09.000Z')).toBe('1');
  });
});

describe('any other error', () => {
  it.each([
    new Error('password=hunter2'),
    'password=hunter2',
    new McpvisorError('INTERNAL', { what: 'password=hunter2' }),
  ])('says nothing of itself: %s', (error) => {
    const document = toProblemDocument(error);
    expect(document).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(JSON.stringify(document)).not.toContain('hunter2');
  });
});
