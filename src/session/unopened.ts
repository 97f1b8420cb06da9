/** The session of a server for which nothing could be opened, because its specification could not be expanded. */

import type { Failure } from '../../machines/failure.ts';
import { McpvisorError } from '../errors.ts';
import type { Session, SessionNews } from './contract.ts';

/** Reports `ended` like any session, after its caller has got it. */
export function createUnopened(server: string, failure: Failure, tell: (news: SessionNews) => void): Session {
  let isAsked = false;
  setImmediate(() => tell({ type: 'ended', failure: isAsked ? null : failure }));
  return {
    request: () => Promise.reject(notConnected(server, failure)),
    // Never resolves, like that of any session that is not ready.
    probe: () => new Promise(() => {}),
    end() {
      isAsked = true;
    },
    notify() {},
    report() {},
    limit() {},
    answer() {},
  };
}

function notConnected(server: string, { class: reason }: Failure): McpvisorError {
  return new McpvisorError('SERVER_NOT_CONNECTED', { server, state: 'starting', nextRetryAt: null, reason });
}
