import { describe, expect, it } from 'vitest';
import { createBudget } from '../../../src/session/budget.ts';
import { BackRequests } from '../../../src/session/protocol/back-requests.ts';
import { plenty } from '../rooms.ts';

const request = (id: number, letters = 0) => ({
  jsonrpc: '2.0' as const,
  id,
  method: 'sampling/createMessage',
  params: { text: 'x'.repeat(letters) },
});

function open(limits = plenty) {
  const budget = createBudget(limits);
  const requests = new BackRequests({ sampling: {} }, budget.open('a'));
  const asked: number[] = [];
  return {
    asked,
    held: () => budget.uses[0]?.bytes ?? 0,
    requests,
    ask: (id: number, signal = new AbortController().signal, letters = 0) =>
      requests.ask(request(id, letters), signal, () => asked.push(id)),
  };
}

describe('a request of a server', () => {
  it('takes memory until it is answered', async () => {
    const { ask, requests, held } = open();
    const answer = ask(1, undefined, 100_000);
    expect(held()).toBeGreaterThan(100_000);
    requests.answer(1, { result: { done: true } });
    expect(await answer).toEqual({ done: true });
    expect(held()).toBe(0);
  });

  it('takes no memory any more when it is withdrawn, before it is looked at or later', async () => {
    const { ask, asked, held } = open();
    const early = new AbortController();
    early.abort();
    await expect(ask(1, early.signal, 100_000)).rejects.toThrow('withdrawn');
    expect(asked).toEqual([]);
    expect(held()).toBe(0);
    const late = new AbortController();
    const answer = ask(2, late.signal, 100_000);
    late.abort();
    // The Client forgets it when it has settled.
    await expect(answer).rejects.toThrow('withdrawn');
    expect(asked).toEqual([2]);
    expect(held()).toBe(0);
  });

  it('is refused where there is no memory for it, however small each is', async () => {
    const { ask, asked } = open({ each: 1024 * 1024, all: 1024 * 1024 });
    await expect(ask(0, undefined, 2 * 1024 * 1024)).rejects.toThrow('too much memory');
    const answers = Array.from({ length: 1_000 }, (_, index) => ask(index + 1).catch((error: Error) => error.message));
    expect(await answers.at(-1)).toContain('too much memory');
    expect(asked.length).toBeLessThan(600);
  });
});
