import { describe, expect, it } from 'vitest';
import type { Living } from '../scene/living.ts';
import { groupsSideBySide } from './groups.ts';
import { isSame, restless, type Shown, untruths } from './rest.ts';

function process(more: Partial<Living> = {}): Living {
  return { pid: 7, group: 7, startedAt: '1', server: 'a', life: 'f:1', generation: 1, isStray: false, ...more };
}

function shown(more: Partial<Shown> = {}): Shown {
  const at = { state: 'connected', substate: 'quiet', since: 'now', wanted: 'up', generation: 1, pid: 7 } as const;
  return { name: 'a', lazy: false, dependsOn: [], ...at, ...more };
}

describe('groups of a server', () => {
  it('are side by side when two generations live, or those of two owners', () => {
    for (const life of ['f:2', 'e:1']) {
      const both = [process(), process({ pid: 8, group: 8, life })];
      expect(groupsSideBySide([...both, process({ server: 'b' })])).toEqual([both]);
    }
  });

  it('are not, when one is of another server, or only what fled from its group is left of it', () => {
    expect(groupsSideBySide([process(), process({ pid: 8, group: 8, server: 'b', life: 'f:2' })])).toEqual([]);
    expect(groupsSideBySide([process(), process({ pid: 8, group: 8, life: 'f:0', isStray: true })])).toEqual([]);
    expect(groupsSideBySide([process(), process({ pid: 8 })])).toEqual([]);
  });
});

describe('what is shown of servers', () => {
  it('is true when the processes that live are those of connected servers', () => {
    const living = [process(), process({ pid: 8 }), process({ pid: 9, group: 9, isStray: true })];
    expect(untruths([shown(), shown({ name: 'b', state: 'idle', pid: null })], living)).toEqual([]);
  });

  for (const [what, servers, living] of [
    ['a connected server has no process', [shown()], []],
    ['only a child of a connected server lives', [shown()], [process({ pid: 8 })]],
    ['a process lives of a server at rest', [shown({ state: 'idle', pid: null })], [process()]],
    [
      'what fled from its group outlives its server',
      [shown({ state: 'idle', pid: null })],
      [process({ isStray: true })],
    ],
    ['a process lives of an earlier generation', [shown({ generation: 2 })], [process()]],
    ['a process lives of a server that is not there', [], [process()]],
  ] as const)
    it(`is not when ${what}`, () => {
      expect(untruths(servers, living).length).toBeGreaterThan(0);
    });

  it('is at rest unless something is still to come', () => {
    const atRest = [
      shown({ name: 'failed', state: 'failed' }),
      shown({ name: 'stopped', state: 'idle', wanted: 'down' }),
      shown({ name: 'lazy', state: 'idle', lazy: true }),
      shown({ name: 'waits', state: 'backoff', dependsOn: ['failed'] }),
    ];
    expect(restless([...atRest, shown()])).toEqual([]);
    for (const state of ['starting', 'stopping', 'heartbeat-timeout', 'backoff', 'idle'])
      expect(restless([...atRest, shown({ state })])).toHaveLength(1);
  });

  it('is the same when no server has moved', () => {
    expect(isSame([shown()], [shown({ substate: 'probing' })])).toBe(true);
    expect(isSame([shown()], [shown({ since: 'later' })])).toBe(false);
  });
});
