import { describe, expect, it } from 'vitest';
import { proxyFor, proxyMistake, proxySecrets } from '../../src/config/expand/proxy.ts';

const [http, https] = ['http://mcp.corp.example/mcp', 'https://mcp.corp.example/mcp'];

describe('the proxy of a remote server', () => {
  it.each([
    ['HTTP_PROXY is for http', http, { HTTP_PROXY: 'http://p:1' }, { url: 'http://p:1', from: 'HTTP_PROXY' }],
    ['and not for https', https, { HTTP_PROXY: 'http://p:1' }, null],
    ['HTTPS_PROXY is for https', https, { HTTPS_PROXY: 'http://p:1' }, { url: 'http://p:1', from: 'HTTPS_PROXY' }],
    [
      'small letters win',
      http,
      { http_proxy: 'http://s:1', HTTP_PROXY: 'http://l:1' },
      { url: 'http://s:1', from: 'http_proxy' },
    ],
    ['an empty one is none', http, { http_proxy: '', HTTP_PROXY: 'l:1' }, { url: 'http://l:1', from: 'HTTP_PROXY' }],
    ['ALL_PROXY is for both', https, { ALL_PROXY: 'socks5://p:1' }, { url: 'socks5://p:1', from: 'ALL_PROXY' }],
    [
      'a special one wins over it',
      http,
      { all_proxy: 'http://a', http_proxy: 'http://h' },
      { url: 'http://h', from: 'http_proxy' },
    ],
    [
      'http is meant where no scheme is given',
      http,
      { http_proxy: 'proxy:3128' },
      { url: 'http://proxy:3128', from: 'http_proxy' },
    ],
    ['nothing is said', http, {}, null],
  ])('is what the environment says: %s', (_, url, env, expected) => {
    expect(proxyFor(url, null, env)).toEqual(expected);
  });

  it('is what its setting says, whatever the environment does', () => {
    const env = { HTTP_PROXY: 'http://p:1', NO_PROXY: '*' };
    expect(proxyFor(http, 'http://own:1', env)).toEqual({ url: 'http://own:1', from: 'the setting "proxy"' });
    expect(proxyFor(http, 'none', env)).toBeNull();
  });

  it.each([
    ['*', http],
    ['mcp.corp.example', http],
    ['.corp.example', http],
    ['*.corp.example', http],
    ['other, CORP.example', http],
    ['other corp.example', http],
    ['corp.example:80', http],
    ['corp.example:443', https],
    ['127.0.0.1', 'http://127.0.0.1:9/'],
    ['10.0.0.0/8', 'http://10.1.2.3/'],
    ['[::1]', 'http://[::1]:9/'],
    ['::1', 'http://[::1]:9/'],
    ['fd00::/8', 'http://[fd12::1]/'],
  ])('is none where NO_PROXY says so: %s for %s', (excluded, url) => {
    expect(proxyFor(url, null, { ALL_PROXY: 'http://p:1', NO_PROXY: excluded })).toBeNull();
  });

  it.each([
    ['', http],
    ['corp', http],
    ['orp.example', http],
    ['corp.example:8080', http],
    ['10.0.0.0/8', 'http://11.1.2.3/'],
    ['10.0.0.0/99', 'http://10.1.2.3/'],
    ['0.1', 'http://127.0.0.1/'],
  ])('is used where NO_PROXY is about others: %s for %s', (excluded, url) => {
    expect(proxyFor(url, null, { ALL_PROXY: 'http://p:1', NO_PROXY: excluded })).not.toBeNull();
  });

  it('is a mistake where it is no address, and its password a secret', () => {
    const from = 'HTTP_PROXY';
    expect(proxyMistake({ url: 'ftp://p', from })).toContain('HTTP_PROXY');
    expect(proxyMistake({ url: 'http://', from })).not.toBeNull();
    expect(proxyMistake({ url: 'socks5h://p:1', from })).toBeNull();
    expect(proxySecrets({ url: 'http://me:p%40ssword@p:1', from })).toEqual(['p%40ssword', 'p@ssword']);
  });
});
