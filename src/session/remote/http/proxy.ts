/** Sockets through a proxy: HTTP proxies are asked for a tunnel, SOCKS proxies for a connection. */

import { request as askHttp } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SocksClient } from 'socks';
import { type ProxyChoice, showProxy } from '../../../specification.ts';
import { wordsOf } from '../../../text/error-words.ts';
import { RemoteError } from './error.ts';
import { type Address, hostOf, opened, openTcp } from './sockets.ts';
import { decoded } from './url-part.ts';

interface Way {
  /** Of the server. */
  readonly address: Address;
  /** Whether the server speaks TLS, of which a proxy only passes the bytes on. */
  readonly isSecure: boolean;
  readonly signal: AbortSignal;
}

const defaultPorts: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
]);
const socksPort = 1_080;

/** Opens a socket to the server; for http through an HTTP proxy, to the proxy, which is sent whole addresses. */
export async function openThrough(proxy: ProxyChoice, { address, isSecure, signal }: Way): Promise<Socket> {
  const url = new URL(proxy.url);
  const itsAddress = { host: hostOf(url), port: Number(url.port) || (defaultPorts.get(url.protocol) ?? socksPort) };
  const socket = await openTcp(itsAddress, signal);
  if (url.protocol.startsWith('socks')) return openSocks(socket, { proxy, address });
  const plain = url.protocol === 'https:' ? await secured(socket, itsAddress.host) : socket;
  return isSecure ? openTunnel(plain, proxy, address) : plain;
}

/** What a request for http carries so that an HTTP proxy passes it on. Null: there is no such proxy. */
export function forwarderOf(proxy: ProxyChoice | null): Readonly<Record<string, string>> | null {
  return proxy === null || new URL(proxy.url).protocol.startsWith('socks') ? null : credentialsOf(proxy);
}

function credentialsOf(proxy: ProxyChoice): Readonly<Record<string, string>> {
  const { username, password } = userOf(proxy);
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  return username === '' && password === '' ? {} : { 'proxy-authorization': `Basic ${pair}` };
}

function userOf({ url }: ProxyChoice): { readonly username: string; readonly password: string } {
  const { username, password } = new URL(url);
  return { username: decoded(username), password: decoded(password) };
}

function secured(socket: Socket, host: string): Promise<Socket> {
  return opened(connectTls({ socket, host, servername: isIP(host) === 0 ? host : '' }), 'secureConnect');
}

function openTunnel(socket: Socket, proxy: ProxyChoice, { host, port }: Address): Promise<Socket> {
  const path = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const request = askHttp({
      method: 'CONNECT',
      path,
      headers: { host: path, ...credentialsOf(proxy) },
      createConnection: () => socket,
    });
    request.once('error', reject).once('connect', (response) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        resolve(socket);
        return;
      }
      socket.destroy();
      const message = `${showProxy(proxy)} refused a tunnel to ${path} with HTTP ${status}.`;
      reject(new RemoteError({ message: `T${message.slice(1)}`, code: 'PROXY_REFUSED' }));
    });
    request.end();
  });
}

async function openSocks(
  socket: Socket,
  { proxy, address }: { readonly proxy: ProxyChoice; readonly address: Address },
): Promise<Socket> {
  const { username, password } = userOf(proxy);
  const type = new URL(proxy.url).protocol.startsWith('socks4') ? 4 : 5;
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination: address,
      existing_socket: socket,
      // Not looked at: the socket is there already.
      proxy: { host: '0.0.0.0', port: socksPort, type, ...(username !== '' && { userId: username, password }) },
    });
    return socket;
  } catch (error) {
    const reason = wordsOf(error);
    const message = `The connection to ${address.host}:${address.port} was refused by ${showProxy(proxy)}: ${reason}.`;
    throw new RemoteError({ message, code: 'PROXY_REFUSED' }, { cause: error });
  }
}
