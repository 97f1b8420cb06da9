/** The cookies of one session with one origin: balancers keep a session at one of several servers by them. */

import { parseCookie } from 'undici';

/** As many as browsers keep for a site, in number and in bytes each. */
const mostCookies = 50;
const mostBytes = 4_096;

export interface Cookies {
  /** Keeps what the answer to a request for `url` sets. */
  take(url: URL, setCookies: readonly string[]): void;
  /** For the header `Cookie` of a request for `url`. Null: none. */
  of(url: URL): string | null;
}

interface Kept {
  readonly value: string;
  readonly path: string;
  readonly isSecure: boolean;
  readonly expiresAt: number;
}

export function createCookies(now: () => number = Date.now): Cookies {
  const kept = new Map<string, Kept>();
  return {
    take(url, setCookies) {
      for (const line of setCookies) {
        const cookie = line.length > mostBytes ? null : parseCookie(line);
        if (cookie === null || cookie.name === '' || !isFor(url, cookie.domain)) continue;
        const expiresAt =
          cookie.maxAge === undefined
            ? Number(cookie.expires ?? Number.POSITIVE_INFINITY)
            : now() + cookie.maxAge * 1_000;
        const path = cookie.path?.startsWith('/') === true ? cookie.path : folderOf(url.pathname);
        const key = `${cookie.name} ${path}`;
        kept.delete(key);
        if (expiresAt <= now()) continue;
        kept.set(key, { value: `${cookie.name}=${cookie.value}`, path, isSecure: cookie.secure === true, expiresAt });
        for (const oldest of kept.keys()) {
          if (kept.size <= mostCookies) break;
          kept.delete(oldest);
        }
      }
    },
    of(url) {
      const values = [...kept.values()].filter(
        ({ path, isSecure, expiresAt }) =>
          expiresAt > now() && isWithin(url.pathname, path) && (!isSecure || url.protocol === 'https:'),
      );
      return values.length === 0 ? null : values.map(({ value }) => value).join('; ');
    },
  };
}

/** Only for the host itself: nothing is ever sent to another one. */
function isFor({ hostname }: URL, domain: string | undefined): boolean {
  const named = (domain ?? '').replace(/^\./, '').toLowerCase();
  return named === '' || hostname === named || hostname.endsWith(`.${named}`);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
