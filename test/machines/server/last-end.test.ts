import { describe, expect, it } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import { exit } from '../../support/charts/chart.ts';
import { serverIn } from './states.ts';

const last = { exitCode: null, signal: 'SIGTERM', stderrTail: ['farewell'] };

describe('the last words of a process', () => {
  it('are kept when it was asked to end: that was no failure', () => {
    const server = serverIn('connected.quiet');
    server.command('stop');
    server.news('session.ended', { last });
    const at = server.clock.now();
    expect(server.context()).toMatchObject({ lastEnd: { ...last, at, asked: true }, failure: null, lastFailure: null });
    expect(server.emitted.filter(({ type }) => type === 'server.failed')).toEqual([]);
  });

  it('are kept with the failure that ended it', () => {
    const server = serverIn('connected.quiet');
    server.news('session.ended', { failure: exit(3), last: { ...last, exitCode: 3, signal: null } });
    const said = { exitCode: 3, signal: null, stderrTail: ['farewell'] };
    expect(server.context().lastEnd).toEqual({ ...said, at: server.clock.now(), asked: false });
    expect(server.context().failure).toMatchObject({ class: 'exited', ...said });
    expect(server.context().lastFailure).toMatchObject({ class: 'exited', ...said });
    expect(server.emitted).toContainEqual({ type: 'server.failed', failure: server.context().failure });
  });

  it('are those of before if a life had no process', () => {
    const server = serverIn('connected.quiet');
    server.news('session.ended', { failure: exit(1), last });
    const before = server.context().lastEnd;
    server.command('start');
    server.news('session.ended', { failure: failure('shortage', 'no process') });
    expect([server.context().generation, server.context().lastEnd]).toEqual([2, before]);
  });
});

describe('what came instead of an answer', () => {
  it.each([
    ['timedOut', 'it took long; it sent 9 bytes without the end of a line'],
    ['handshakeFailed', 'it took long'],
  ] as const)('is told with %s: %s', (failureClass, message) => {
    const server = serverIn('starting.initializing');
    server.news('session.ended', {
      failure: failure(failureClass, 'it took long', { code: 'A_CODE' }),
      heard: 'it sent 9 bytes without the end of a line',
    });
    expect(server.context().failure).toMatchObject({ class: failureClass, message, code: 'A_CODE' });
  });
});
