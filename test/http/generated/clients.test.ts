/** Clients that others generate from our OpenAPI document: generated, checked by their compilers, and used. */

import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import openapiTypeScript, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absence, findProgram } from '../../support/requirements.ts';
import { type Api, entryOf, openApi, token } from '../open-api.ts';

const run = promisify(execFile);

let api: Api;
let folder: string;
/** The document, in a file. */
let file: string;

beforeAll(async () => {
  // Below this folder, so that programs in it find our packages.
  folder = await mkdtemp(join(import.meta.dirname, '.generated-'));
  api = await openApi({ servers: { talk: entryOf('speak') } });
  await api.supervisor.ensureConnected(['talk']);
  file = join(folder, 'openapi.json');
  await writeFile(file, (await api.client.get('/openapi.json')).text);
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

describe('the OpenAPI document', () => {
  it('satisfies a strict linter', async () => {
    const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const { stderr } = await run(programOf('redocly'), ['lint', '--extends=recommended-strict', file], {
      env: { ...process.env, ...quiet },
    });
    expect(stderr).toContain('Your API description is valid');
    expect(stderr).not.toMatch(/You have \d+/);
  });
});

const typedProgram = (url: string) => `
import createClient from 'openapi-fetch';
import type { components, paths } from './api.ts';

const client = createClient<paths, 'application/json' | 'application/problem+json'>({
  baseUrl: '${url}',
  headers: { authorization: 'Bearer ${token}' },
  querySerializer: { array: { style: 'form', explode: false } },
});

const path = { server: { name: 'talk' }, tool: { name: 'talk', tool: 'echo' } };

const call = await client.POST('/api/servers/{name}/tools/{tool}/call', {
  params: { path: path.tool, header: { 'Idempotency-Key': 'one' } },
  body: { arguments: { text: 'hello', list: [1, { deep: true }] }, timeoutMs: 5_000 },
});
const result: components['schemas']['CallResult'] | components['schemas']['DryRun'] | undefined = call.data;
const { data: tools } = await client.GET('/api/tools', { params: { query: { servers: ['talk'], format: 'mcp' } } });
const { data: sent } = await client.POST('/api/servers/{name}/events', {
  params: { path: path.server, query: { wait: 20_000 } },
  body: { type: 'server.restart' },
});
const { data: logs } = await client.GET('/api/servers/{name}/logs', {
  params: { path: path.server, query: { tail: 5, follow: false } },
});
const { data: many } = await client.POST('/api/events', { body: { type: 'server.start', servers: ['talk', 'nobody'] } });
const { error } = await client.GET('/api/servers/{name}', { params: { path: { name: 'nobody' } } });
const code: 'SERVER_NOT_FOUND' | undefined = error?.code === 'SERVER_NOT_FOUND' ? error.code : undefined;
const { data: journal } = await client.GET('/api/journal', { params: { query: { type: ['server.transitioned'], limit: 1 } } });
const step = journal?.facts[0];
const to: string | null = step?.type === 'server.transitioned' ? step.to : null;

console.log(
  JSON.stringify({
    result: result !== undefined && 'result' in result ? result.result : null,
    tools: tools?.tools.length,
    state: sent?.server.state,
    lines: logs?.lines.length,
    outcomes: many?.outcomes.map((one) => ('error' in one ? one.error.code : one.state)),
    code,
    hasStep: to !== null,
  }),
);
`;

describe('a TypeScript client', () => {
  it('compiles without a cast and talks to the API', async () => {
    const types = astToString(await openapiTypeScript(new URL(`file://${file}`)));
    await writeFile(join(folder, 'api.ts'), types);
    await writeFile(join(folder, 'use.ts'), typedProgram(api.url));
    const config = {
      compilerOptions: {
        strict: true,
        noEmit: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        module: 'NodeNext',
        target: 'ES2023',
        lib: ['ES2023', 'DOM'],
        types: [],
      },
      include: ['use.ts'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const compiled = await run(programOf('tsc'), ['-p', folder]).catch((error: unknown) => error);
    expect(compiled).toMatchObject({ stdout: '', stderr: '' });
    const { stdout } = await run(programOf('tsx'), [join(folder, 'use.ts')]);
    expect(JSON.parse(stdout)).toEqual({
      result: { content: [{ type: 'text', text: 'hello' }] },
      tools: expect.any(Number),
      state: 'connected',
      lines: expect.any(Number),
      outcomes: ['connected', 'SERVER_NOT_FOUND'],
      code: 'SERVER_NOT_FOUND',
      hasStep: true,
    });
  });
});

const generator = findProgram('openapi-python-client');

const pythonProgram = `
import json, sys
sys.path.insert(0, sys.argv[1])
from mcpvisor_client import AuthenticatedClient
from mcpvisor_client.api.calls import call_tool
from mcpvisor_client.api.catalog import list_tools
from mcpvisor_client.api.servers import get_server, send_server_event
from mcpvisor_client.models import Call, CallArguments, CommandType, Problem, ServerEvent

client = AuthenticatedClient(base_url=sys.argv[2], token=sys.argv[3])
call = call_tool.sync("talk", "echo", client=client, body=Call(arguments=CallArguments.from_dict({"text": "hello"})))
tools = list_tools.sync(client=client, servers=["talk"])
sent = send_server_event.sync("talk", client=client, body=ServerEvent(type_=CommandType.SERVER_RESTART), wait=20000)
missing = get_server.sync("nobody", client=client)
print(json.dumps({
    "result": call.result.to_dict(),
    "tools": len(tools.tools),
    "state": sent.server.state,
    "code": missing.code if isinstance(missing, Problem) else None,
}))
`;

describe.skipIf(generator === null)(`a Python client${absence(generator, 'openapi-python-client')}`, () => {
  it('is generated whole and talks to the API', async () => {
    const client = join(folder, 'python');
    const options = ['generate', '--path', file, '--meta', 'none', '--output-path', join(client, 'mcpvisor_client')];
    // Its hooks would format the code with a program that need not be there.
    const settings = join(folder, 'settings.json');
    await writeFile(settings, JSON.stringify({ post_hooks: [] }));
    const { stdout } = await run(generator ?? '', [...options, '--config', settings]);
    expect(stdout).not.toMatch(/warning|error/i);
    await writeFile(join(folder, 'use.py'), pythonProgram);
    // The interpreter that has the generator has what its clients need.
    const python = join(dirname(await realpath(generator ?? '')), 'python3');
    const used = await run(python, [join(folder, 'use.py'), client, api.url, token]);
    expect(JSON.parse(used.stdout)).toEqual({
      result: { content: [{ type: 'text', text: 'hello' }] },
      tools: expect.any(Number),
      state: 'connected',
      code: 'SERVER_NOT_FOUND',
    });
  });
});

/** A program that one of our packages brings. */
function programOf(name: string): string {
  return join('node_modules', '.bin', name);
}
