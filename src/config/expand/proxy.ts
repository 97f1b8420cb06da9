/** Which proxy a remote server is reached through: its own setting, else what the environment says, as curl reads it. */

import { BlockList, isIP } from 'node:net';
import { entryOf } from '../../../machines/table.ts';
import type { ProxyChoice } from '../../specification.ts';
import type { Environment } from './environment.ts';

/** The value of the setting `proxy` that means: not through one, whatever the environment says. */
const noProxy = 'none';

/** Null: none. `setting` is expanded; null: not given. Throws nothing: a proxy that is no address is found by `proxyMistake`. */
export function proxyFor(url: string, setting: string | null, env: Environment): ProxyChoice | null {
  if (setting !== null) return setting === noProxy ? null : { url: withScheme(setting), from: 'the setting "proxy"' };
  if (!URL.canParse(url)) return null;
  const target = new URL(url);
  const names = target.protocol === 'https:' ? ['https_proxy', 'all_proxy'] : ['http_proxy', 'all_proxy'];
  for (const name of names) {
    const from = [name, name.toUpperCase()].find((spelled) => (entryOf(env, spelled) ?? '').trim() !== '');
    if (from !== undefined) {
      const excluded = env.no_proxy ?? env.NO_PROXY ?? '';
      return isExcluded(target, excluded) ? null : { url: withScheme(entryOf(env, from) ?? ''), from };
    }
  }
  return null;
}

const schemes: ReadonlySet<string> = new Set([
  'http:',
  'https:',
  'socks:',
  'socks4:',
  'socks4a:',
  'socks5:',
  'socks5h:',
]);

/** Why it cannot be used; null: it can. Does not quote it, for it may hold a password. */
export function proxyMistake({ url, from }: ProxyChoice): string | null {
  const isAddress = URL.canParse(url) && new URL(url).hostname !== '' && schemes.has(new URL(url).protocol);
  return isAddress ? null : `the proxy of ${from} is no http, https, socks4 or socks5 address`;
}

/** What is secret in it: the password, as it is written and as it is meant. */
export function proxySecrets({ url }: ProxyChoice): readonly string[] {
  const password = URL.canParse(url) ? new URL(url).password : '';
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    // A lone % was meant literally.
    return [password];
  }
}

function withScheme(text: string): string {
  const trimmed = text.trim();
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
}

function isExcluded({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const at = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return list.split(/[\s,]+/).some((entry) => entry !== '' && isNamed(host, at, entry.toLowerCase()));
}

function isNamed(host: string, port: string, entry: string): boolean {
  if (entry === '*') return true;
  const [, bracketed, plain = '', itsPort] = /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  if (itsPort !== undefined && itsPort !== port) return false;
  const name = bracketed ?? plain;
  if (name.includes('/')) return isWithin(host, name);
  const domain = name.replace(/^\*?\./, '');
  return domain !== '' && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)));
}

/** Whether an address is in a network like `10.0.0.0/8`. */
function isWithin(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const [kind, hostKind] = [isIP(address), isIP(host)];
  if (kind === 0 || kind !== hostKind || !/^\d{1,3}$/.test(bits) || Number(bits) > (kind === 4 ? 32 : 128))
    return false;
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
