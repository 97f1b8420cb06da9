import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClient } from '../support/doors/client.ts';
import { root } from '../support/markdown.ts';
import { pidsMarked, until, untilNoneMarked } from '../support/processes.ts';
import { openExampleFolder, runExample } from './running-example.ts';

const tokens = { ADMIN_TOKEN: 'of-ann', READER_TOKEN: 'of-ben' };

async function openApp(name: string) {
  const example = openExampleFolder();
  const running = runExample(name, example, { env: { ...tokens, PORT: '0' } });
  const url = await running.firstLine;
  return {
    example,
    running,
    admin: createClient(url, tokens.ADMIN_TOKEN),
    reader: createClient(url, tokens.READER_TOKEN),
    nobody: createClient(url, null),
    stranger: createClient(url, ''),
  };
}

describe.each(['web-app.mts', 'express-app.mts'])('the web app %s of the examples', (name) => {
  it('lets in whom it knows, and each may do what the role allows', async () => {
    const { admin, reader, nobody, stranger } = await openApp(name);
    for (const unknown of [nobody, stranger]) {
      expect((await unknown.get('/mcpvisor/api/servers')).status).toBe(401);
      expect((await unknown.post('/servers/more', {})).status).toBe(401);
    }
    const { status, json } = await reader.get('/mcpvisor/api/servers');
    expect({ status, servers: json.servers }).toMatchObject({ status: 200, servers: { length: 3 } });

    const restart = { type: 'server.restart' };
    expect((await reader.post('/mcpvisor/api/servers/everything/events', restart)).status).toBe(403);
    expect((await reader.post('/servers/more', {})).status).toBe(403);
    expect((await reader.send('DELETE', '/servers/files')).status).toBe(403);
    const restarted = await admin.post('/mcpvisor/api/servers/everything/events?wait=30000', restart);
    expect(restarted).toMatchObject({ status: 200 });
    const called = await admin.post('/mcpvisor/api/servers/everything/tools/echo/call', {
      arguments: { message: 'hello' },
    });
    expect(called.text).toContain('Echo: hello');
    const { json: journal } = await admin.get('/mcpvisor/api/journal?type=command.accepted');
    expect(JSON.stringify(journal)).toContain('"by":"ann"');
  });

  it('takes in servers and lets them go at run time, and says what is wrong with an entry', async () => {
    const { admin, running, example } = await openApp(name);
    const entry = { command: join(root, 'node_modules/.bin/mcp-server-filesystem'), args: [example.folder] };
    const added = await admin.post('/servers/more', entry);
    expect(added.status).toBe(201);
    const isConnected = async () => {
      const { json } = await admin.get('/mcpvisor/api/servers/more');
      return json.state === 'connected';
    };
    await until('the new server is connected', isConnected);
    expect((await admin.post('/servers/more', entry)).json).toMatchObject({ status: 422, code: 'CONFIG_INVALID' });
    const misspelt = await admin.post('/servers/other', { comand: 'x' });
    expect(misspelt.json).toMatchObject({ status: 422, code: 'CONFIG_INVALID' });
    expect(misspelt.text).toContain('comand');
    const json = { 'content-type': 'application/json' };
    expect(await admin.send('POST', '/servers/other', { body: '{', headers: json })).toMatchObject({ status: 400 });

    expect((await admin.send('DELETE', '/servers/more')).status).toBe(200);
    await until('it is gone', async () => (await admin.get('/mcpvisor/api/servers/more')).status === 404);
    expect((await admin.send('DELETE', '/servers/more')).json).toMatchObject({ code: 'SERVER_NOT_FOUND' });

    expect(pidsMarked(example.shown)).not.toEqual([]);
    running.child.kill('SIGTERM');
    expect({ code: await running.ended, stderr: running.output.stderr }).toEqual({ code: 0, stderr: '' });
    await untilNoneMarked(example.folder);
  });

  it('says in its document where the API is', async () => {
    const { reader } = await openApp(name);
    const { json } = await reader.get('/mcpvisor/openapi.json');
    expect(json.servers).toEqual([{ url: '/mcpvisor' }]);
  });
});
