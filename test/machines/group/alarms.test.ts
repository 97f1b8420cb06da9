import { describe, expect, it } from 'vitest';
import { initialTransition, type StateValue } from 'xstate';
import { groupAlarmsOf } from '../../../machines/group/alarms.ts';
import { charts } from '../../support/charts/chart.ts';

const [{ context }] = initialTransition(charts.group, { holder: 'supervisor', name: 'web' });
const alarmsIn = (value: StateValue) =>
  groupAlarmsOf(charts.group.resolveState({ value, context: { ...context, rounds: [1, 2, 3] } }));

describe('a group whose rounds are spent', () => {
  it('raises the alarm group-intensity', () => {
    expect(alarmsIn({ running: { decoupled: 'watching' } })).toEqual([
      {
        alarm: 'group-intensity',
        reason: '3 rounds within 300000 ms: the group acts one-for-one',
        clearedBy: '300000 ms without a failure, group.reset, or other settings of the group',
        untilMs: null,
      },
    ]);
  });
});

describe('any other group', () => {
  it.each([
    { running: 'steady' },
    { running: { round: 'stopping' } },
    { running: { round: 'waiting' } },
    { 'shutting-down': 'telling' },
    { 'shutting-down': 'told' },
    'gone',
  ])('raises none: %j', (value) => {
    expect(alarmsIn(value)).toEqual([]);
  });
});
