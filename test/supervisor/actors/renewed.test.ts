import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonOnly, reply, serve } from '../../session/remote/web.ts';
import { until } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { errorOf, factsSoFar, openStage, quickRestart, untilFact, untilState } from '../../support/supervised.ts';

/** A server that takes one token at a time, and refuses every other with this status. */
async function serveToken(status: number) {
  const taken = { token: 'the-first-token' };
  const web = await serve(
    jsonOnly(
      (_rpc, response, request) =>
        request.headers.authorization !== `Bearer ${taken.token}` && reply(response, status, { body: 'no' }),
    ),
  );
  return { taken, web };
}

function written(text: string) {
  const file = join(createScratchFolder(), 'token');
  writeFileSync(file, text);
  return file;
}

const ways = {
  expression: (file: string) => ({ headers: { authorization: `Bearer \${file:${file}}` } }),
  envFile: (file: string) => ({ envFile: file, headers: { authorization: `Bearer \${TOKEN}` } }),
} as const;
const textIn = (way: keyof typeof ways, token: string) => (way === 'envFile' ? `TOKEN=${token}\n` : `${token}\n`);
const heartbeat = { intervalMs: 60, timeoutMs: 500 };

describe.concurrent.each(Object.keys(ways) as (keyof typeof ways)[])(
  'a token that comes by %s and is rotated',
  (way) => {
    it.each([401, 403])('in the middle of a session is tried at once, without a person: HTTP %i', async (status) => {
      const { taken, web } = await serveToken(status);
      const file = written(textIn(way, taken.token));
      const supervisor = await openStage().open({
        a: { url: `${web.origin}/mcp`, ...ways[way](file), heartbeat, restart: { ...quickRestart, stableAfterMs: 50 } },
      });
      await supervisor.ready();
      for (const token of ['the-second-token', 'the-third-token']) {
        await until('it is stable', () => supervisor.snapshot('a').context.stable === true);
        const { generation } = supervisor.status('a');
        writeFileSync(file, textIn(way, token));
        taken.token = token;
        await until('it has another session', () => supervisor.status('a').generation === generation + 1);
        await until('it is connected', () => supervisor.status('a').state === 'connected');
      }
      expect(supervisor.status('a')).toMatchObject({ attempt: 0, lastFailure: { class: 'sessionLost', code: status } });
      const facts = await factsSoFar(supervisor);
      expect(facts.filter(({ type }) => type === 'alarm.raised')).toEqual([]);
      expect(JSON.stringify(facts)).not.toMatch(/the-(first|second|third)-token/);
    });

    it('later than the refusal is noticed, and the alarm that called a person is over', async () => {
      const { taken, web } = await serveToken(401);
      const file = written(textIn(way, 'an-old-token'));
      const supervisor = await openStage().open({ a: { url: `${web.origin}/mcp`, ...ways[way](file) } });
      await supervisor.ready();
      expect(supervisor.status('a')).toMatchObject({
        state: 'needs-auth',
        generation: 1,
        alarms: [{ alarm: 'needs-auth', reason: expect.stringContaining('401') }],
      });
      const connected = untilState(supervisor, 'a', 'connected');
      const cleared = untilFact(supervisor, 'alarm.cleared', ({ alarm }) => alarm === 'needs-auth');
      writeFileSync(file, textIn(way, taken.token));
      await connected;
      await cleared;
      expect(supervisor.status('a')).toMatchObject({ generation: 2, alarms: [] });
    });
  },
);

describe.concurrent('a token that was refused', () => {
  it('is never sent again by itself', async () => {
    const { web } = await serveToken(401);
    const file = written('an-old-token');
    const supervisor = await openStage().open({ a: { url: `${web.origin}/mcp`, ...ways.expression(file) } });
    await supervisor.ready();
    const seen = web.seen.length;
    // The same token, written again, is no other token.
    writeFileSync(file, 'an-old-token\n');
    const looks = untilFact(supervisor, 'server.transitioned', ({ event }) => event === 'look.found', {
      withinMs: 5_000,
    });
    expect(await errorOf(looks)).toBeDefined();
    expect(web.seen).toHaveLength(seen);
    expect(supervisor.status('a')).toMatchObject({ state: 'needs-auth', generation: 1 });
  });
});
