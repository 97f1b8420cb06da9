/** A control plane that stops reading while a server says more than fits. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createFarEnd } from '../../../src/session/isolated/far/far-end.ts';
import { SocketOutlet } from '../../../src/session/isolated/far/socket-outlet.ts';
import { connectionOver } from '../../../src/session/isolated/lines.ts';
import { createNearEnd } from '../../../src/session/isolated/near/near-end.ts';
import { createSessions } from '../../../src/session/sessions.ts';
import { until } from '../../support/processes.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { sessionsVia } from '../sessions.ts';
import { program } from './apart.ts';

const count = 150_000;
const mebibyte = 1024 * 1024;
/** More than this is held back. */
const enough = 16 * mebibyte;
/** What may wait, and what is read of one pipe at once. */
const mostWaiting = 20 * mebibyte;

async function openOverSocket() {
  const path = join(createScratchFolder(), 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const near = connect(path);
  const [far] = (await once(server, 'connection')) as [Socket];
  const outlet = new SocketOutlet(() => far);
  outlet.watch(far);
  const sessions = createSessions({ stateDir: null, clientInfo: { name: 't', version: '1' }, host: null, outlet });
  const end = createFarEnd(sessions.open, outlet);
  onTestFinished(async () => {
    near.destroy();
    server.close();
    await end.endAll();
    await sessions.close();
  });
  const farConnection = connectionOver(far, () => {});
  end.serve(farConnection);
  farConnection.listen();
  const nearEnd = createNearEnd(() => null);
  const connection = connectionOver(near, () => {});
  nearEnd.attach(connection, []);
  connection.listen();
  return { near, far, ...sessionsVia(() => nearEnd.open) };
}

it('is waited for, and misses nothing', async () => {
  const { near, far, openTarget } = await openOverSocket();
  const { session, heard, news } = openTarget(program('notifies-without-end'));
  await heard('ready');
  near.pause();
  const flooded = session.request('tools/call', { name: 'flood', arguments: { count } });
  let before = -1;
  let same = 0;
  await until('nothing more is read of it', () => {
    same = far.writableLength > enough && far.writableLength === before ? same + 1 : 0;
    before = far.writableLength;
    return same === 30;
  });
  expect(far.writableLength).toBeLessThan(mostWaiting);
  near.resume();
  await flooded;
  expect(news.filter(({ type }) => type === 'notified')).toHaveLength(count);
}, 120_000);
