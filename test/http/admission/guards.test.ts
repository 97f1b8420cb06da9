import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../support/doors/client.ts';
import { type Api, openApi, token } from '../open-api.ts';

let api: Api;

beforeAll(async () => {
  api = await openApi({
    hosts: { allowedHosts: ['box.lan', 'gate.lan:8443'], allowedOrigins: ['https://tools.example'] },
  });
});

afterAll(() => api.close());

describe('a request without the token', () => {
  it.each([
    ['none', null],
    ['another', 'a-token-that-nobody-knows'],
    ['a part of it', token.slice(0, -1)],
    ['more than it', `${token}x`],
  ])('is refused with %s', async (_, value) => {
    const answer = await createClient(api.url, value).get('/api/servers');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    expect(answer.text).not.toContain(token);
  });

  it.each([`Basic ${token}`, token, 'Bearer', 'Bearer  '])('is refused with the header %j', async (authorization) => {
    expect((await createClient(api.url, null).get('/api/servers', { headers: { authorization } })).status).toBe(401);
  });

  it('does not learn what there is', async () => {
    expect((await createClient(api.url, null).get('/api/nothing')).status).toBe(401);
    expect((await createClient(api.url, null).send('DELETE', '/api/servers')).status).toBe(401);
  });

  it('may ask whether we live, from any host', async () => {
    const answer = await createClient(api.url, null).get('/healthz', { headers: { host: 'anything.example' } });
    expect(answer.status).toBe(200);
  });
});

describe('the Host header', () => {
  const statusFor = async (host: string) => (await api.client.get('/api/servers', { headers: { host } })).status;

  it.each([
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost:80',
    'LOCALHOST',
    '[::1]:4780',
    'box.lan',
    'box.lan:99',
    'gate.lan:8443',
  ])('may be %s', async (host) => {
    expect(await statusFor(host)).toBe(200);
  });

  it.each(['evil.example', 'localhost.evil.example', 'gate.lan:1', 'localhost.', '127.0.0.2', '[::2]'])(
    'may not be %s',
    async (host) => {
      const answer = await api.client.get('/api/servers', { headers: { host } });
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ code: 'FORBIDDEN_HOST', host });
    },
  );

  it('is a problem when it is no host at all', async () => {
    const answer = await api.client.get('/api/servers', { headers: { host: 'evil@localhost' } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('may be any address, but no name, where every address is listened on', async () => {
    const everywhere = await openApi({ hosts: { boundHost: '0.0.0.0' } });
    try {
      expect((await everywhere.client.get('/api/servers', { headers: { host: '192.168.7.7:4780' } })).status).toBe(200);
      expect((await everywhere.client.get('/api/servers', { headers: { host: 'evil.example' } })).status).toBe(403);
    } finally {
      await everywhere.close();
    }
  });
});

describe('the Origin header', () => {
  const send = (origin: string) => api.client.get('/api/servers', { headers: { origin } });

  it('may be our own or an allowed one', async () => {
    expect((await send(api.url)).status).toBe(200);
    expect((await send('https://tools.example')).status).toBe(200);
  });

  it.each(['https://evil.example', 'http://localhost:1', 'null', 'https://tools.example.evil'])(
    'may not be %s',
    async (origin) => {
      const answer = await send(origin);
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ code: 'FORBIDDEN_ORIGIN', origin });
    },
  );

  it('never opens the API to pages of others', async () => {
    const preflight = await api.client.send('OPTIONS', '/api/servers', {
      headers: { origin: 'https://tools.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.status).toBe(405);
    expect((await send('https://tools.example')).headers['access-control-allow-origin']).toBeUndefined();
  });
});
