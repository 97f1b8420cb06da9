/** Protection against DNS rebinding and foreign web pages: only known Hosts, and only our own origin. */

import { isIP } from 'node:net';
import { McpvisorError } from '../../errors.ts';

export interface HostRules {
  /** The address we listen on. */
  readonly boundHost: string;
  /** Further names in `Host`, with or without a port. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Further origins of web pages: `https://tools.example`. Default none: pages of this control plane only. */
  readonly allowedOrigins?: readonly string[];
}

const loopbackNames = ['localhost', '127.0.0.1', '::1'];
const wildcards = ['0.0.0.0', '::'];

/** Returns a function that throws `FORBIDDEN_HOST` or `FORBIDDEN_ORIGIN` for requests that may not come in. */
export function createHostCheck({
  boundHost,
  allowedHosts = [],
  allowedOrigins = [],
}: HostRules): (host: string | undefined, origin: string | undefined) => void {
  const listensEverywhere = wildcards.includes(boundHost);
  const hosts = new Set([...loopbackNames, boundHost, ...allowedHosts].map((name) => name.toLowerCase()));
  const origins = new Set(allowedOrigins.map((name) => name.toLowerCase()));
  return (hostHeader, originHeader) => {
    const host = hostHeader?.toLowerCase() ?? '';
    const name = nameOf(host);
    // Rebinding needs a name: when we listen on all addresses, any address as Host is safe.
    const known = name !== null && (hosts.has(name) || hosts.has(host) || (listensEverywhere && isIP(name) !== 0));
    if (!known) {
      throw new McpvisorError('FORBIDDEN_HOST', { host });
    }
    const origin = originHeader?.toLowerCase();
    if (origin !== undefined && !origins.has(origin) && origin !== `http://${host}` && origin !== `https://${host}`) {
      throw new McpvisorError('FORBIDDEN_ORIGIN', { origin });
    }
  };
}

/** The name in `name:port` or `[address]:port`; null if it is neither. */
function nameOf(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@?#\\[\]]+))(?::\d{1,5})?$/.exec(host);
  return match?.[1] ?? match?.[2] ?? null;
}
