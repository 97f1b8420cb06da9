/**
 * A remote link whose code is loaded when it starts: most control planes have no remote servers, and none needs the
 * code earlier.
 */

import { type Failure, failure } from '../../../machines/failure.ts';
import type { Link, LossyTransport, TellLinkNews } from '../link.ts';
import type { openRemoteLink, RemoteLinkOptions } from './link.ts';

/** Like `openRemoteLink`. */
export function openLazyRemoteLink(options: RemoteLinkOptions, tell: TellLinkNews): Link {
  let link: Link | null = null;
  let isOver = false;

  /** Throws if the end was asked for in the meantime, which has been reported then. */
  async function open(): Promise<Link> {
    const room: { readonly openRemoteLink: typeof openRemoteLink } = await import('./link.ts');
    if (isOver) throw new Error('The link ended before it was opened.');
    link = room.openRemoteLink(options, tell);
    const { transport: real } = link;
    real.onmessage = (message, extra) => transport.onmessage?.(message, extra);
    real.onerror = (error) => transport.onerror?.(error);
    real.onclose = () => transport.onclose?.();
    real.onrequestlost = (id, why) => transport.onrequestlost?.(id, why);
    return link;
  }

  const transport: LossyTransport = {
    async start() {
      const opened = await open().catch((error: unknown) => {
        end(failure('internal', `What remote servers need cannot be loaded: ${String(error)}`, { phase: 'spawning' }));
        throw error;
      });
      await opened.transport.start();
    },
    async send(message, sendOptions) {
      if (link === null) throw new Error('The link is not open.');
      await link.transport.send(message, sendOptions);
    },
    async close() {
      if (link === null) end(null);
      else await link.transport.close();
    },
    giveUp(id) {
      link?.transport.giveUp?.(id);
    },
    get sessionId() {
      return link?.transport.sessionId;
    },
    setProtocolVersion(version) {
      link?.transport.setProtocolVersion?.(version);
    },
  };

  /** Ends a link that was never opened. */
  function end(cause: Failure | null): void {
    if (isOver) return;
    isOver = true;
    queueMicrotask(() => {
      tell({ type: 'ended', failure: cause });
      transport.onclose?.();
    });
  }

  return {
    transport,
    get kind() {
      return link?.kind ?? options.transport;
    },
    get congested() {
      return link?.congested ?? false;
    },
    end(kind) {
      if (link === null) end(null);
      else link.end(kind);
    },
    markCpu: () => link?.markCpu(),
    usedCpu: () => link?.usedCpu() ?? false,
    failureOf: (error, phase) => link?.failureOf(error, phase) ?? failure('internal', String(error), { phase }),
    verdictOn: (error) => link?.verdictOn(error) ?? null,
  };
}
