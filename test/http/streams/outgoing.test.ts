import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isMcpvisorError } from '../../../src/errors.ts';
import { createOutgoing, stalledMs } from '../../../src/http/streams/outgoing.ts';
import { createBudget } from '../../../src/session/budget.ts';
import { createClient } from '../../support/doors/client.ts';
import { until } from '../../support/processes.ts';
import { createSkippingClock } from '../../support/skipping-clock.ts';

const mebibyte = 1024 * 1024;

/** Answers `GET /{server}/{bytes}` with so many bytes. */
async function openScene(limits: { readonly each: number; readonly all: number }) {
  const clock = createSkippingClock();
  const budget = createBudget(limits);
  const outgoing = createOutgoing(budget, clock);
  const app = new Hono<{ Variables: { who: string | undefined } }>();
  app.use(async (c, next) => {
    c.set('who', c.req.header('who'));
    await next();
  });
  app.onError((error, c) => c.text(isMcpvisorError(error) ? error.code : String(error), 507));
  app.get('/:name/:bytes', (c) =>
    outgoing.send(c, { status: 200, headers: {}, body: 'x'.repeat(Number(c.req.param('bytes'))) }),
  );
  const listen = getRequestListener(app.fetch);
  const server = createServer((request, response) => void listen(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return {
    app,
    clock,
    client: createClient(`http://127.0.0.1:${port}`, null),
    held: () => new Map(budget.uses.map(({ server: name, bytes }) => [name, bytes])),
    /** Asks `times` on one connection, and reads nothing. */
    ask(path: string, times = 1): Socket {
      const socket = connect(port, '127.0.0.1').pause();
      socket.on('error', () => {});
      sockets.push(socket);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(times));
      return socket;
    },
  };
}

describe('an answer on its way', () => {
  it('counts as a whole until its caller has read it, and then no more', async () => {
    const { ask, held } = await openScene({ each: 30 * mebibyte, all: 60 * mebibyte });
    const socket = ask(`/one/${20 * mebibyte}`);
    await until('it is on its way', () => held().get('one') === 20 * mebibyte);
    let read = 0;
    socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    socket.resume();
    await until('it has been read', () => read > 20 * mebibyte);
    await until('it is not counted', () => !held().has('one'));
    expect(held().size).toBe(0);
  });

  it('counts no more when its caller has gone', async () => {
    const { ask, held } = await openScene({ each: 30 * mebibyte, all: 60 * mebibyte });
    const socket = ask(`/one/${20 * mebibyte}`);
    await until('it is on its way', () => held().has('one'));
    socket.destroy();
    await until('it is not counted', () => !held().has('one'));
    expect(held().size).toBe(0);
  });

  it('is refused where there is no room, with nothing left of it, and those of others are not', async () => {
    const { ask, held, client } = await openScene({ each: 30 * mebibyte, all: 60 * mebibyte });
    ask(`/one/${20 * mebibyte}`);
    await until('it is on its way', () => held().has('one'));
    const refused = await client.get(`/one/${20 * mebibyte}`);
    expect([refused.status, refused.text, refused.headers['content-length']]).toEqual([507, 'ANSWERS_UNREAD', '14']);
    expect((await client.get(`/other/${20 * mebibyte}`)).text.length).toBe(20 * mebibyte);
    expect([...held()]).toEqual([['one', 20 * mebibyte]]);
  });

  it('is cut off when nothing of it was read for a minute, and not when some of it was', async () => {
    const { ask, held, clock } = await openScene({ each: 60 * mebibyte, all: 90 * mebibyte });
    const stalled = ask(`/one/${20 * mebibyte}`);
    const slow = ask(`/other/${20 * mebibyte}`);
    await until('both are on their way', () => held().size === 2);
    const ended = new Promise<void>((resolve) => void stalled.on('close', () => resolve()));
    let read = 0;
    for (let waitedMs = 0; waitedMs < 2 * stalledMs; waitedMs += stalledMs / 2) {
      const mark = read + 6 * mebibyte;
      await until('some more has come', () => {
        read += (slow.read() as Buffer | null)?.length ?? 0;
        return read >= Math.min(mark, 20 * mebibyte);
      });
      clock.skip(stalledMs / 2 - 1);
    }
    await until('the one that stood still is gone', () => !held().has('one'));
    stalled.resume();
    await ended;
    await until('the other has all', () => {
      read += (slow.read() as Buffer | null)?.length ?? 0;
      return read > 20 * mebibyte;
    });
    expect(slow.destroyed).toBe(false);
  });

  it('counts, too, if it is one of many small ones on a connection', async () => {
    const { ask, held } = await openScene({ each: mebibyte, all: 2 * mebibyte });
    const socket = ask('/one/30000', 100);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.resume();
    const count = (status: number) => text.split(`HTTP/1.1 ${status} `).length - 1;
    await until('all have been answered', () => count(200) + count(507) === 100);
    expect(count(507)).toBeGreaterThan(0);
    await until('none of them is counted', () => !held().has('one'));
  });
});

describe('what anybody may ask for', () => {
  it('takes no room from those who have shown who they are', async () => {
    const { app, held } = await openScene({ each: 30 * mebibyte, all: 60 * mebibyte });
    const open = await app.request(`/one/${20 * mebibyte}`);
    const known = await app.request(`/one/${20 * mebibyte}`, { headers: { who: 'ann' } });
    expect([open.status, known.status, ...held()]).toEqual([200, 200, ['one', 40 * mebibyte]]);
    expect((await app.request(`/one/${20 * mebibyte}`)).status).toBe(507);
    await Promise.all([open.text(), known.text()]);
    expect(held().size).toBe(0);
  });
});

describe('a host that hands over responses alone', () => {
  it('gets answers in pieces, counted until it has taken the last', async () => {
    const { app, held } = await openScene({ each: 30 * mebibyte, all: 60 * mebibyte });
    const answer = await app.request(`/one/${20 * mebibyte}`);
    expect([...held()]).toEqual([['one', 20 * mebibyte]]);
    const refused = await app.request(`/one/${20 * mebibyte}`);
    expect([refused.status, await refused.text()]).toEqual([507, 'ANSWERS_UNREAD']);
    expect((await answer.text()).length).toBe(20 * mebibyte);
    expect(held().size).toBe(0);
  });
});
