import { describe, expect, it } from 'vitest';
import { createBudget } from '../../../src/session/budget.ts';
import type { SessionNews } from '../../../src/session/contract.ts';
import { NewsGate } from '../../../src/session/protocol/news-gate.ts';

const limit = 1024 * 1024;

describe('early notifications', () => {
  it('are kept as far as there is memory for them, which is given back with them', () => {
    const budget = createBudget({ each: limit, all: limit });
    const told: SessionNews[] = [];
    const gate = new NewsGate((news) => told.push(news), budget.open('a').hold());
    for (let count = 0; count < 100; count += 1)
      gate.pass({ type: 'notified', method: 'notifications/message', params: { data: 'x'.repeat(limit / 8) } });
    expect(budget.uses[0]?.bytes).toBeGreaterThan(limit / 2);
    gate.open();
    expect(told).toHaveLength(7);
    expect(budget.uses).toEqual([]);
  });
});
