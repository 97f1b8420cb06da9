/**
 * The least that a process is which holds a session for the one that forked it. It ends when nobody listens any more.
 * `.ci/check-arrows.mjs` plants it as `src/client-process`, to see that it needs of `src` what such a process may import.
 */

import { createSessions } from '../../src/session/sessions.ts';
import { createFarEnd, type Order } from './far-end.ts';

const sessions = createSessions({ stateDir: null, clientInfo: { name: 'apart', version: '1.0.0' }, host: null });
const hear = createFarEnd(sessions.open, (reply) => {
  if (process.connected) process.send?.(reply);
});

process.on('message', (order) => hear(order as Order));
process.on('disconnect', () => {
  sessions.killAllNow();
  void sessions.close();
});
