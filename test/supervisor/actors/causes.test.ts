import { describe, expect, it } from 'vitest';
import { openStage, untilState } from '../../support/supervised.ts';

const inPatience = { restart: { baseMs: 600_000, capMs: 600_000 } };
const hidden = (cause: unknown) => new TypeError('fetch failed', { cause });

/** What the status says of the failure of a server whose requests, or whose transport, fail like this. */
async function told(how: 'fetch' | 'transport', thrown: unknown): Promise<readonly unknown[]> {
  const fail = () => Promise.reject(thrown);
  const supervisor = await openStage().open(
    { a: { ...(how === 'fetch' ? { url: 'http://127.0.0.1:9/mcp' } : { transport: 'own' }), ...inPatience } },
    {},
    how === 'fetch' ? { fetch: fail } : { transports: { own: fail } },
  );
  await untilState(supervisor, 'a', 'backoff', { since: 0 });
  const { lastFailure } = supervisor.status('a');
  return [lastFailure?.message, lastFailure?.code];
}

describe('a server that cannot be reached, for a reason that is no code of the system', () => {
  it("names the cause that Node's fetch hides", async () => {
    const supervisor = await openStage().open(
      { a: { url: 'http://127.0.0.1:9/mcp', ...inPatience } },
      {},
      { fetch: globalThis.fetch },
    );
    await untilState(supervisor, 'a', 'backoff', { since: 0 });
    expect(supervisor.status('a').lastFailure).toMatchObject({
      class: 'unreachable',
      message: 'http://127.0.0.1:9/mcp cannot be reached (fetch failed: bad port).',
    });
  });

  it.each<[string, unknown, string]>([
    ['an error', new Error('the vault is sealed'), 'the vault is sealed'],
    ['a text', 'sealed', 'sealed'],
    ['several attempts', hidden(new AggregateError([new Error('v6'), new Error('v4')])), 'fetch failed: v6; v4'],
    ['no words', new Error(''), 'Error without a message'],
    ['an object without a prototype', Object.create(null), 'something without a message was thrown'],
  ])('names it when the fetch of the host throws %s', async (_what, thrown, words) => {
    expect(await told('fetch', thrown)).toEqual([`http://127.0.0.1:9/mcp cannot be reached (${words}).`, null]);
  });

  it.each<[string, unknown, string, string | null]>([
    ['an error that hides its cause', hidden(new Error('bad port')), 'fetch failed: bad port', null],
    ['one with a code below', hidden(Object.assign(new Error('no'), { code: 'EACCES' })), 'fetch failed: no', 'EACCES'],
    ['an object without a prototype', Object.create(null), 'something without a message was thrown', null],
  ])('names it when the transport of the host throws %s', async (_what, thrown, words, code) => {
    expect(await told('transport', thrown)).toEqual([words, code]);
  });
});
