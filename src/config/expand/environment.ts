/** The part of our own environment that a server's process inherits. */

import type { StdioSpecification } from '../../specification.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Enough for programs to find other programs, their home, their language and the network; usually no secrets. */
const defaultNames: ReadonlySet<string> = new Set([
  'HOME',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TERM',
  'USER',
  'LANG',
  'TZ',
  'TMPDIR',
  'DOCKER_HOST',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
]);

const defaultPrefixes = ['LC_', 'XDG_'];

/**
 * The inherited part of a child's environment; the `env` of an expanded specification overrides it. `none` is empty,
 * `all` everything, `default` a minimal set, and a list of names adds those to `default`.
 */
export function childEnvironment(
  inheritEnv: StdioSpecification['inheritEnv'],
  env: Environment,
): Record<string, string> {
  if (inheritEnv === 'none') return {};
  const isInherited = (name: string) =>
    inheritEnv === 'all' || isDefault(name) || (typeof inheritEnv !== 'string' && inheritEnv.includes(name));
  const entries = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && isInherited(name) ? [[name, value]] : [],
  );
  return Object.fromEntries(entries);
}

function isDefault(name: string): boolean {
  return defaultNames.has(name) || defaultPrefixes.some((prefix) => name.startsWith(prefix));
}
