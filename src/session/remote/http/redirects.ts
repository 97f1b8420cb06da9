/**
 * Follows redirects that stay within the origin and keep the method; refuses all others, because the headers are
 * secrets.
 */

import { RemoteError, showUrl } from './error.ts';

const maxRedirects = 5;

interface Redirecting {
  readonly status: number;
  header(name: string): string | null;
  drop(): void;
}

export async function withinOrigin<Answered extends Redirecting>(
  method: string,
  url: URL,
  ask: (url: URL) => Promise<Answered>,
): Promise<Answered> {
  let from = url;
  for (let followed = 0; followed <= maxRedirects; followed += 1) {
    const answer = await ask(from);
    const { status } = answer;
    const location = status >= 300 && status < 400 ? answer.header('location') : null;
    if (location === null) return answer;
    answer.drop();
    const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
    const keepsMethod = status === 307 || status === 308 || method === 'GET';
    if (to === null || to.origin !== from.origin || !keepsMethod) throw refusedRedirect(status, from, to);
    to.username = '';
    to.password = '';
    from = to;
  }
  throw new RemoteError({ message: `${showUrl(url)} redirects more than ${maxRedirects} times.`, status: 302 });
}

function refusedRedirect(status: number, from: URL, to: URL | null): RemoteError {
  const where = to === null ? 'to nowhere' : `to ${showUrl(to)}`;
  const reason = `redirected ${where}, which is not followed: give the final address`;
  const message = `${showUrl(from)} redirects ${where} (HTTP ${status}), which is not followed: give the final address.`;
  // 303 says where to see the result of a request that was done; the others send the request itself elsewhere.
  return new RemoteError({ message, status, reason, reached: status === 303 });
}
