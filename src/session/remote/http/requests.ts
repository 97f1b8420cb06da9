/**
 * The only way out for a link's requests: over its own connections, with the configured headers and the cookies of the
 * session; redirects only within the origin, and nothing after `close`.
 */

import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type ProxyChoice, showProxy } from '../../../specification.ts';
import type { SocketBudget } from '../socket-budget.ts';
import { type Answer, acceptedEncodings, fetchedAnswer, toAnswer } from './answer/answer.ts';
import { type Connection, createConnections } from './connections.ts';
import { createConnector } from './connector.ts';
import { createCookies } from './cookies.ts';
import type { TellCrowding } from './crowding.ts';
import { isUnsent, RemoteError, toUnanswered } from './error.ts';
import type { Urgency } from './places.ts';
import { forwarderOf } from './proxy.ts';
import { withinOrigin } from './redirects.ts';
import type { RemoteTarget } from './target.ts';

export interface RequestsOptions {
  readonly target: RemoteTarget;
  /** The host's fetch; then connections, their limits, proxies and `ca` are up to the host. */
  readonly fetch?: FetchLike;
  /** Time to open a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Certificates (PEM) to trust for the origin of the target. Null: those of the system. */
  readonly ca: string | null;
  /** The proxy to go through. Null: none. */
  readonly proxy: ProxyChoice | null;
  /** The name of the server. */
  readonly server: string;
  readonly sockets: SocketBudget;
  /** Calls at a time, at most; there are places beside them for other requests. */
  readonly maxConnections: number;
  /** Told when requests wait long for a connection, and when none does any more. */
  readonly tellCrowding: TellCrowding;
}

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Of the target's origin. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly urgency: Urgency;
  /** Doing it twice does no harm. */
  readonly isHarmless: boolean;
  /** Aborts the request, and its answer while that is read; also aborted by `close`. */
  readonly controller: AbortController;
}

export interface Requests {
  readonly target: RemoteTarget;
  /** Rejects with a `RemoteError`, or with the reason of the controller if that was aborted. */
  ask(outgoing: Outgoing): Promise<Answer>;
  /** Aborts pending requests and destroys every connection. May be called twice; does not reject. */
  close(): Promise<void>;
}

export function createRequests(options: RequestsOptions): Requests {
  const { target, fetch, connectTimeoutMs, ca, proxy, server, sockets, maxConnections, tellCrowding } = options;
  const { origin } = target.url;
  const connect = createConnector({ origin, ca, proxy, timeoutMs: connectTimeoutMs });
  // A proxy is sent requests for http as they are; for https it only passes bytes on.
  const forwarder = target.url.protocol === 'http:' ? forwarderOf(proxy) : null;
  const via = proxy === null || fetch !== undefined ? null : showProxy(proxy);
  const connections = createConnections({ server, origin, connect, sockets, most: maxConnections, tellCrowding });
  const cookies = createCookies();
  const active = new Set<AbortController>();
  let isClosed = false;

  async function over(connection: Connection, outgoing: Outgoing): Promise<Answer> {
    const { url, method, headers, body = null, controller, urgency } = outgoing;
    const { signal } = controller;
    const before = connection.bytesWritten;
    try {
      const path = forwarder === null ? `${url.pathname}${url.search}` : url.href;
      const data = await connection.client.request({ method, path, headers, body, signal });
      data.body.once('close', () => {
        active.delete(controller);
        if (data.body.readableEnded) connection.release();
        else connection.discard();
      });
      return toAnswer(url, data, via);
    } catch (error) {
      const isUnused = isUnsent(error, connection.bytesWritten - before);
      const mayRepeat = connection.isReused && !signal.aborted && (isUnused || outgoing.isHarmless);
      connection.discard();
      if (!mayRepeat) throw error;
      return over(await connections.acquire(urgency, signal, true), outgoing);
    }
  }

  async function overFetch(carry: FetchLike, { url, controller, ...outgoing }: Outgoing): Promise<Answer> {
    const { method, headers, body } = outgoing;
    const init = { method, headers, redirect: 'manual' as const, signal: controller.signal };
    const response = await carry(url, body === undefined ? init : { ...init, body });
    const drop = () => (response.body?.locked === true ? controller.abort() : void response.body?.cancel());
    return fetchedAnswer(url, response, { drop, over: () => active.delete(controller) });
  }

  async function carry(outgoing: Outgoing): Promise<Answer> {
    const { url, urgency, controller } = outgoing;
    active.add(controller);
    const headers = { 'accept-encoding': acceptedEncodings, ...outgoing.headers, ...target.headers, ...forwarder };
    const cookie = [target.headers.cookie ?? [], cookies.of(url) ?? []].flat().join('; ');
    const complete = { ...outgoing, headers: cookie === '' ? headers : { ...headers, cookie } };
    const answer =
      fetch === undefined
        ? await over(await connections.acquire(urgency, controller.signal), complete)
        : await overFetch(fetch, complete);
    cookies.take(url, answer.setCookies);
    return answer;
  }

  return {
    target,
    async ask(outgoing) {
      const { method, url, controller } = outgoing;
      if (isClosed) controller.abort();
      try {
        return await withinOrigin(method, url, (to) => carry({ ...outgoing, url: to }));
      } catch (error) {
        active.delete(controller);
        if (controller.signal.aborted || error instanceof RemoteError) throw error;
        throw toUnanswered(error, url, via);
      }
    },
    async close() {
      isClosed = true;
      for (const controller of active) controller.abort();
      await connections.close();
    },
  };
}
