import { describe, expect, it } from 'vitest';
import { serverStates } from '../../../src/index.ts';
import { openStage } from '../../support/supervised.ts';

describe('the charts', () => {
  it('are told as data and as pictures', async () => {
    const supervisor = await openStage().open({});
    expect(supervisor.machines().map(({ id }) => id)).toEqual(['supervisor', 'group', 'server']);
    const server = supervisor.machine('server');
    expect(server.states.filter(({ parent }) => parent === '').map(({ path }) => path)).toEqual(
      expect.arrayContaining([...serverStates]),
    );
    expect(server.states[0]).toMatchObject({ path: '', parent: null, initial: 'deciding' });
    const queued = server.states.find(({ path }) => path === 'idle.queued');
    expect(queued).toMatchObject({ parent: 'idle', initial: null, tags: ['on-its-way'] });
    expect(queued?.edges).toContainEqual({
      source: 'idle.queued',
      target: 'starting',
      event: 'slot.granted',
      guard: null,
    });
    expect(server.mermaid).toMatch(/^stateDiagram-v2\n/);
    expect(JSON.parse(JSON.stringify(server))).toEqual(server);
    expect(() => supervisor.machine('client-process')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});
