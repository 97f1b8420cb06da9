/** The API inside an Express app, which cuts the path off and may have read the body. */

import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor } from '../../src/index.ts';
import { type Client, createClient } from '../support/doors/client.ts';
import { entryOf } from './open-api.ts';

type Use = express.RequestHandler;

async function openExpress(...before: readonly Use[]): Promise<Client> {
  const supervisor = await createSupervisor({ config: { mcpServers: { talk: entryOf('speak') } } });
  await supervisor.ensureConnected(['talk']);
  const login = { login: { type: 'apiKey', in: 'cookie', name: 'session' } };
  const api = supervisor.httpApp({
    identity: () => 'ann',
    basePath: '/mcpvisor',
    document: { security: [{ login: [] }], securitySchemes: login },
  });
  const app = express();
  for (const one of before) app.use(one);
  app.use('/mcpvisor', getRequestListener(api.fetch));
  app.get('/', (_request, response) => void response.send('the host'));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    await supervisor.close();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, null);
}

const callPath = '/mcpvisor/api/servers/talk/tools/echo/call';
const call = { arguments: { text: 'hello' } };

describe('the API mounted in an Express app', () => {
  it('answers below its path, and says it in its documents', async () => {
    const client = await openExpress();
    expect((await client.get('/')).text).toBe('the host');
    expect((await client.post(callPath, call)).json).toMatchObject({ result: { content: [{ text: 'hello' }] } });
    expect((await client.get('/mcpvisor/api/servers/nobody')).json).toMatchObject({
      code: 'SERVER_NOT_FOUND',
      type: '/mcpvisor/docs/problems#server_not_found',
    });
    expect((await client.get('/mcpvisor/docs/problems')).status).toBe(200);
    const { servers, security, components } = (await client.get('/mcpvisor/openapi.json')).json;
    expect({ servers, security }).toEqual({ servers: [{ url: '/mcpvisor' }], security: [{ login: [] }] });
    expect(Object.keys((components as { securitySchemes: object }).securitySchemes)).toEqual(['login']);
  });

  it('has its bodies behind express.json(), if that keeps them as they came', async () => {
    const keeping = express.json({ verify: (request, _response, body) => Object.assign(request, { rawBody: body }) });
    const client = await openExpress(keeping);
    expect((await client.post(callPath, call)).json).toMatchObject({ result: { content: [{ text: 'hello' }] } });
  });

  it('says that a body was read by others', async () => {
    const client = await openExpress(express.json());
    expect((await client.post(callPath, call)).json).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
