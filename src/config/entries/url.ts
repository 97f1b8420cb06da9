/**
 * Checks whether a text can be the address of a remote server. No part of it is repeated, not even the scheme: it may
 * be a secret.
 */

export function urlMistake(text: string): { readonly message: string; readonly hint: string } | null {
  // "localhost:3000" has the form of a URL with the scheme "localhost".
  if (!URL.canParse(text) || /^[\w.-]+:\d+(?:\/|$)/.test(text)) return { message: 'is not a URL', hint: hintFor(text) };
  const { protocol, username, password } = new URL(text);
  if (protocol === 'ws:' || protocol === 'wss:')
    return {
      message: 'is a WebSocket address, which this version cannot use',
      hint: 'use the http or https address of the server',
    };
  if (protocol !== 'http:' && protocol !== 'https:')
    return { message: 'must begin with http:// or https://', hint: 'for a program of your own use command instead' };
  if (username !== '' || password !== '')
    return {
      message: 'holds a user name or password, which HTTP clients refuse',
      hint: 'send them with headers: {"Authorization": "Basic …"}',
    };
  return null;
}

function hintFor(text: string): string {
  if (/^https?:\/\/[^/[]*:[^/]*:/i.test(text)) return 'an IPv6 address stands in brackets: http://[::1]:3000/mcp';
  if (/^https?:\/\/[^/]*:\d{5,}/i.test(text)) return 'a port is at most 65535';
  return 'write it with its scheme: https://example.org/mcp';
}
