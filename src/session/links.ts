/** Chooses the link of a session: our own process, a remote server, or a transport of the host. */

import { failure } from '../../machines/failure.ts';
import { entryOf } from '../../machines/table.ts';
import { systemClock, type TimerClock } from '../clock.ts';
import type { Account } from './budget.ts';
import { openHostedLink } from './hosted/link.ts';
import type { HostParts } from './hosted/parts.ts';
import type { Link, TellLinkNews } from './link.ts';
import type { Guard } from './process/guard/guard.ts';
import type { ProcessRegistry } from './process/registry.ts';
import type { Strays } from './process/strays/strays.ts';
import { openLazyRemoteLink } from './remote/lazy-link.ts';
import type { SocketBudget } from './remote/socket-budget.ts';
import type { HostedTarget, RemoteTarget, SessionRequest, StdioTarget } from './request.ts';
import { openStdioLink } from './stdio/link.ts';

export interface LinkParts {
  readonly registry: ProcessRegistry;
  readonly guard: Guard;
  readonly strays: Strays;
  /** Null: sessions are held by a separate process, which has no access to the embedding program. */
  readonly host: HostParts | null;
  /** A monotonic clock in milliseconds. Default: the machine's. */
  readonly now?: () => number;
  /** Default: Node's. */
  readonly timers?: TimerClock;
  /** For the connections to remote servers. */
  readonly sockets: SocketBudget;
}

/** `room`: for what the server has begun to say, and not finished. */
export type OpenLink = (request: SessionRequest, tell: TellLinkNews, room: Account) => Link;

export function createOpenLink(parts: LinkParts): OpenLink {
  return (request, tell, room) => {
    const { target } = request.specification;
    switch (target.kind) {
      case 'stdio':
        return openStdio(parts, { ...request, target, room }, tell);
      case 'remote':
        return openRemote(parts, { ...request, target, room }, tell);
      case 'hosted':
        return openHosted(parts, { ...request, target, room }, tell);
    }
  };
}

type RequestFor<Target> = SessionRequest & { readonly target: Target; readonly room: Account };

function openStdio(parts: LinkParts, request: RequestFor<StdioTarget>, tell: TellLinkNews): Link {
  const { server, generation, specification: policy, target, room } = request;
  const { registry, guard, strays } = parts;
  const { secrets } = policy;
  return openStdioLink({ ...target, server, generation, policy, secrets, registry, guard, strays, room }, tell);
}

/** Connections beside those of calls in flight: for an event stream, and for what has been answered and not yet ended. */
const besideCalls = 8;

function openRemote(
  { host, sockets, now = systemClock.monotonicNow, timers = systemClock }: LinkParts,
  { server, specification, target, room }: RequestFor<RemoteTarget>,
  tell: TellLinkNews,
): Link {
  const { stop, maxMessageBytes } = specification;
  const { fetch: whose, authProvider: name, ...rest } = target;
  if (host === null && whose === 'host') return openRefused(outOfReach("a host's own fetch"), tell);
  if (host === null && name !== null) return openRefused(outOfReach(`the authProvider "${name}"`), tell);
  const fetch = whose === 'host' ? host?.fetch : undefined;
  if (whose === 'host' && fetch === undefined) return openRefused('the host has no fetch of its own', tell);
  const authProvider = name === null ? undefined : entryOf(host?.authProviders ?? {}, name);
  if (name !== null && authProvider === undefined)
    return openRefused(`the host has no authProvider called "${name}"`, tell);
  const fromHost = { ...(fetch && { fetch }), ...(authProvider && { authProvider }) };
  const maxConnections = specification.limits.maxConcurrentCalls + besideCalls;
  const ours = { server, stop, maxMessageBytes, maxConnections, sockets, room, now, timers };
  return openLazyRemoteLink({ ...rest, ...fromHost, ...ours }, tell);
}

function openHosted(
  { host, timers }: LinkParts,
  { specification, target }: RequestFor<HostedTarget>,
  tell: TellLinkNews,
): Link {
  const { transport: kind, entry } = target;
  if (host === null) return openRefused(outOfReach(`the transport "${kind}"`), tell);
  const create = entryOf(host.transports ?? {}, kind);
  if (create === undefined) return openRefused(`the host has no transport called "${kind}"`, tell);
  return openHostedLink({ kind, create: (signal) => create(entry, signal), stop: specification.stop, timers }, tell);
}

function outOfReach(what: string): string {
  return `${what} is a part of the program that embeds mcpvisor, and this session is held by another process; hold it in the same one (isolation: "in-process")`;
}

/** A link that could not be opened: it ends at once, with the reason. */
function openRefused(reason: string, tell: TellLinkNews): Link {
  const problem = failure('misconfigured', reason, { phase: 'spawning' });
  queueMicrotask(() => tell({ type: 'ended', failure: problem }));
  return {
    transport: {
      start: () => Promise.reject(new Error(reason)),
      send: () => Promise.reject(new Error(reason)),
      close: () => Promise.resolve(),
    },
    kind: 'none',
    congested: false,
    end() {},
    markCpu() {},
    usedCpu: () => false,
    failureOf: () => problem,
    verdictOn: () => null,
  };
}
