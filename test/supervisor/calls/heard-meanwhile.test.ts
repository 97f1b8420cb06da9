import { describe, expect, it } from 'vitest';
import { openStage, untilState } from '../../support/supervised.ts';

const heard = {
  // The answer to a probe in between ends the line.
  unended:
    /meanwhile it sent (\d+ bytes on stdout without the end of a line|lines on stdout that are no .*): "\{\\"jsonrpc\\"/,
  plain: /meanwhile it sent lines on stdout that are no JSON-RPC messages: "Listening on port 3000 \\u001b\[32m✔"/,
  framed: /meanwhile it sent .*frames with Content-Length/,
  unknown: /meanwhile it sent answers to questions that were not asked, .* under the id: "\\"another\\""/,
  stderr: /meanwhile it sent lines on stderr: "waiting for the licence server"/,
  nothing: /meanwhile it sent (nothing at all|answers to (other|earlier) questions)$/,
};
const ways = Object.entries(heard);

describe.concurrent.each(['initialize', 'tools/list'])('a start whose %s is not answered in time', (method) => {
  it.each(ways)('says what was heard meanwhile (%s)', async (how, expected) => {
    const stage = openStage();
    const timeouts = { startTimeoutMs: 700, installTimeoutMs: 700 };
    const supervisor = await stage.open({ a: stage.program('says-something-else', timeouts, [method, how]) });
    await untilState(supervisor, 'a', 'backoff', { since: 0, withinMs: 30_000 });
    const { lastFailure } = supervisor.status('a');
    expect(lastFailure?.class).toBe('timedOut');
    expect(lastFailure?.message).toMatch(expected);
  });
});

describe.concurrent('a call that is not answered in time', () => {
  it.each(ways)('says what was heard meanwhile (%s)', async (how, expected) => {
    const stage = openStage();
    const supervisor = await stage.open({ a: stage.program('says-something-else', {}, ['tools/call', how]) });
    await supervisor.ready();
    const error = await supervisor.callTool('a', 'wait', {}, { timeoutMs: 700 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CALL_TIMED_OUT' });
    expect(String(error).replace(/\.$/, '')).toMatch(expected);
  });

  it('does not show a secret of the server', async () => {
    const stage = openStage();
    const env = { LICENCE: 'Listening on port 3000' };
    const supervisor = await stage.open({ a: stage.program('says-something-else', { env }, ['tools/call', 'plain']) });
    await supervisor.ready();
    const error = await supervisor.callTool('a', 'wait', {}, { timeoutMs: 700 }).catch((reason: unknown) => reason);
    expect(String(error)).toContain('no JSON-RPC');
    expect(JSON.stringify([String(error), error])).not.toContain('port 3000');
  });
});
