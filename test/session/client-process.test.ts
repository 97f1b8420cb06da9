import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OpenSession } from '../../src/session/contract.ts';
import type { SessionTarget } from '../../src/session/request.ts';
import { createMark, isRunning, pidsMarked, untilNoneMarked } from '../support/processes.ts';
import { createNearEnd } from './near-end.ts';
import { programPath } from './process/program-path.ts';
import { outcomeOf, sessionsVia } from './sessions.ts';

/** Opens sessions that another process holds, and knows no other. */
function openApart() {
  const child = fork(fileURLToPath(new URL('client-process.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    if (child.connected) child.disconnect();
    await gone;
  });
  const open: OpenSession = createNearEnd((hear) => {
    child.on('message', hear);
    return (order) => void child.send(order);
  });
  return { child, gone, ...sessionsVia(() => open) };
}

function program(name: string, ...args: readonly string[]): SessionTarget {
  const env = { PATH: process.env.PATH ?? '' };
  return { kind: 'stdio', command: process.execPath, args: [programPath(name), ...args], env, cwd: tmpdir() };
}

describe('a session that is held by another process', () => {
  it('is opened, called, asked how it is and ended like any other', async () => {
    const { child, openTarget } = openApart();
    const { session, heard, report, types } = openTarget(program('speak'));
    await heard('ready');
    const { pid } = await heard('spawned');
    expect(pidsMarked(programPath('speak'))).toContain(pid);
    expect(pid).not.toBe(child.pid);
    expect(await session.request('tools/call', { name: 'add', arguments: { a: 1, b: 2 } })).toMatchObject({
      content: [{ text: '3' }],
    });
    expect(
      await outcomeOf(session.request('tools/call', { name: 'sleep', arguments: { ms: 60_000 } }, { timeoutMs: 50 })),
    ).toBe('CALL_TIMED_OUT');
    expect(await session.probe('ping')).toBeGreaterThan(0);
    expect(await report()).toMatchObject({ inFlight: 0, usedCpu: expect.any(Boolean) });
    session.end('close');
    expect(await heard('ended')).toMatchObject({ type: 'ended', failure: null, last: { exitCode: 0 } });
    expect(types()).toEqual(['spawned', 'initialized', 'ready', 'gone', 'ended']);
  });

  it.each<readonly [string, SessionTarget, string]>([
    ['a transport of the host', { kind: 'hosted', transport: 'pigeon', entry: {} }, 'the transport "pigeon"'],
    [
      'a fetch of the host',
      {
        kind: 'remote',
        transport: 'auto',
        url: 'http://h/',
        headers: {},
        ca: null,
        proxy: null,
        fetch: 'host',
        authProvider: null,
      },
      "a host's own fetch",
    ],
    [
      'an authProvider of the host',
      {
        kind: 'remote',
        transport: 'auto',
        url: 'http://h/',
        headers: {},
        ca: null,
        proxy: null,
        fetch: 'own',
        authProvider: 'me',
      },
      'the authProvider "me"',
    ],
  ])('is refused if it needs %s, and told why', async (_what, target, name) => {
    const { heard, types } = openApart().openTarget(target);
    const { failure } = await heard('ended');
    expect(failure).toMatchObject({ class: 'misconfigured', message: expect.stringContaining(name) });
    expect(failure?.message).toContain('held by another process');
    expect(types()).toEqual(['ended']);
  });

  it('leaves no server when nobody listens to that process any more', async () => {
    const mark = createMark();
    const { child, gone, openTarget } = openApart();
    const { heard } = openTarget(program('ignores-sigterm', mark));
    await heard('ready');
    const { pid } = await heard('spawned');
    child.disconnect();
    await gone;
    await untilNoneMarked(mark);
    expect(isRunning(pid ?? 0)).toBe(false);
  });
});
