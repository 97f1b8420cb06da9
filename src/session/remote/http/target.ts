/** The address of a remote server, and the headers of every request to it. */

import { RemoteError } from './error.ts';
import { decoded } from './url-part.ts';

export interface RemoteTarget {
  /** Without userinfo, which fetch refuses. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Checks the expanded `url` and `headers` of a specification. Throws a `RemoteError` with `INVALID_URL` or
 * `INVALID_HEADER`.
 */
export function toTarget(server: string, url: string, headers: Readonly<Record<string, string>>): RemoteTarget {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw new RemoteError({
      message: `The url of server "${server}" is not an http or https address.`,
      code: 'INVALID_URL',
    });
  }
  const carried = toHeaders(server, headers);
  if ((target.username !== '' || target.password !== '') && !carried.has('authorization')) {
    carried.set(
      'authorization',
      `Basic ${Buffer.from(`${decoded(target.username)}:${decoded(target.password)}`).toString('base64')}`,
    );
  }
  target.username = '';
  target.password = '';
  return { url: target, headers: Object.fromEntries(carried) };
}

function toHeaders(server: string, headers: Readonly<Record<string, string>>): Headers {
  const carried = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    try {
      carried.set(name, value);
    } catch {
      // Without the cause, which quotes the value.
      throw new RemoteError({
        message: `The header "${name}" of server "${server}" has a name or value that HTTP does not allow.`,
        code: 'INVALID_HEADER',
      });
    }
  }
  return carried;
}
