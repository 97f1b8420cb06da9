import { describe, expect, it } from 'vitest';
import { allowedOf } from '../../../src/supervisor/status/status.ts';
import { innermostStates, snapshotIn } from '../../machines/server/snapshots.ts';

describe('what a person may tell a server', () => {
  it.each(innermostStates())('is told as allowed in %s, whatever will become of it', (state) => {
    const always = ['server.start', 'server.stop', 'server.restart', 'server.reset'];
    const allowed = /^(backoff|needs-auth)/.test(state) ? [...always, 'server.retry'] : always;
    for (const context of [{}, { removing: true }, { shuttingDown: true }])
      expect(allowedOf(snapshotIn(state, context)).toSorted()).toEqual(allowed.toSorted());
  });
});
