import { describe, expect, it } from 'vitest';
import type { PostedToOne, Supervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { openStage, untilState } from '../../support/supervised.ts';

const { transports } = hostInMemory({});

async function openMany(): Promise<Supervisor> {
  const servers = {
    ...insideEntries(['a']),
    ...insideEntries(['b', 'c'], { group: 'web' }),
    ...insideEntries(['off'], { enabled: false }),
  };
  const supervisor = await openStage().open(servers, { groups: { empty: {} } }, { transports });
  await supervisor.ready();
  return supervisor;
}

function namesOf(posted: readonly PostedToOne[]): readonly string[] {
  return posted.map(({ server }) => server);
}

describe('a command to many servers', () => {
  it('goes to each once, in the order of the configuration, by name, by group, or to all', async () => {
    const supervisor = await openMany();
    const stop = (...servers: readonly string[]) => supervisor.postMany({ type: 'server.stop', servers });
    expect(namesOf(stop('c', 'a', 'c'))).toEqual(['a', 'c']);
    expect(namesOf(stop('group:web', 'b'))).toEqual(['b', 'c']);
    expect(namesOf(stop('group:empty'))).toEqual([]);
    expect(namesOf(stop())).toEqual([]);
    const all = stop('*', 'a');
    expect(namesOf(all)).toEqual(['a', 'b', 'c']);
    expect(
      await Promise.all(all.map((one) => ('settled' in one ? one.settled : Promise.reject(one.error)))),
    ).toMatchObject(Array(3).fill({ outcome: 'done' }));
    expect(supervisor.status().counts.idle).toBe(4);
  });

  it('means what the configuration has switched off only when that is named, or was started', async () => {
    const supervisor = await openMany();
    await supervisor.send('off', { type: 'server.start' });
    expect(namesOf(supervisor.postMany({ type: 'server.reset', servers: ['*'] }))).toEqual(['a', 'b', 'c', 'off']);
    await supervisor.send('off', { type: 'server.stop' });
    expect(namesOf(supervisor.postMany({ type: 'server.start', servers: ['*'] }))).toEqual(['a', 'b', 'c']);
    expect(namesOf(supervisor.postMany({ type: 'server.reset', servers: ['off'] }))).toEqual(['off']);
  });

  it('means what waits to be tried again only, if it is a retry and nobody is named', async () => {
    const { transports: failing, closeOf } = hostInMemory({});
    const restart = { baseMs: 600_000, capMs: 600_000, maxConsecutive: 0 };
    const supervisor = await openStage().open(insideEntries(['a', 'b'], { restart }), {}, { transports: failing });
    await supervisor.ready();
    const down = untilState(supervisor, 'b', 'backoff');
    await closeOf('b');
    await down;
    const retry = (...servers: readonly string[]) => supervisor.postMany({ type: 'server.retry', servers });
    expect(namesOf(retry('*'))).toEqual(['b']);
    await supervisor.ready();
    expect(retry('*')).toEqual([]);
    expect(retry('group:default')).toEqual([]);
    expect(retry('b', '*')).toMatchObject([{ server: 'b', error: { code: 'EVENT_NOT_ALLOWED' } }]);
  });

  it('says of each name that is nobody’s, and of each server that does not take it, why', async () => {
    const supervisor = await openMany();
    const posted = supervisor.postMany({ type: 'server.retry', servers: ['nobody', 'a', 'group:nobody', 'nobody'] });
    expect(posted).toMatchObject([
      { server: 'a', error: { code: 'EVENT_NOT_ALLOWED', details: { server: 'a' } } },
      { server: 'nobody', error: { code: 'SERVER_NOT_FOUND' } },
      {
        server: 'group:nobody',
        error: { code: 'ACTOR_NOT_FOUND', details: { known: ['group:empty', 'group:default', 'group:web'] } },
      },
    ]);
    await supervisor.close();
    expect(supervisor.postMany({ type: 'server.start', servers: ['*'] })[0]).toMatchObject({
      server: 'a',
      error: { code: 'SHUTTING_DOWN' },
    });
  });
});
