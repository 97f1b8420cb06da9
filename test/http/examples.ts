/** A good request to each endpoint. */

export interface Example {
  readonly path: string;
  readonly body?: unknown;
}

export const examples: Readonly<Record<string, Example>> = {
  getHealth: { path: '/healthz' },
  getReadiness: { path: '/readyz' },
  getMetrics: { path: '/metrics' },
  getStatus: { path: '/api/status' },
  getConfiguration: { path: '/api/config' },
  planConfiguration: { path: '/api/config/plan', body: { config: { mcpServers: {} } } },
  replaceConfiguration: { path: '/api/config', body: { config: { mcpServers: {} } } },
  listConfigurationVersions: { path: '/api/config/versions?limit=5' },
  shutDown: { path: '/api/shutdown' },
  listServers: { path: '/api/servers' },
  getServer: { path: '/api/servers/talk' },
  addServers: { path: '/api/servers', body: { name: 'added', entry: { command: '/nowhere/at-all', disabled: true } } },
  rollBackConfiguration: { path: '/api/config/rollback', body: { version: 1 } },
  replaceServer: { path: '/api/servers/edited', body: { command: '/nowhere/at-all', disabled: true } },
  patchServer: { path: '/api/servers/edited', body: { callTimeoutMs: 7 } },
  removeServer: { path: '/api/servers/removed' },
  removeServers: { path: '/api/servers', body: { names: ['removed-too'] } },
  sendServerEvent: { path: '/api/servers/talk/events', body: { type: 'server.start' } },
  sendEvents: { path: '/api/events', body: { type: 'server.start', servers: ['talk', 'nobody', 'broken'] } },
  ensureConnected: { path: '/api/ensure', body: { servers: ['talk', 'nobody', 'broken'] } },
  readLogs: { path: '/api/servers/talk/logs?tail=5' },
  listToolsOfServer: { path: '/api/servers/talk/tools' },
  listResourcesOfServer: { path: '/api/servers/talk/resources' },
  listResourceTemplatesOfServer: { path: '/api/servers/talk/resource-templates' },
  getInstructions: { path: '/api/servers/talk/instructions' },
  listPromptsOfServer: { path: '/api/servers/talk/prompts' },
  listTools: { path: '/api/tools?format=openai' },
  callTool: { path: '/api/servers/talk/tools/echo/call', body: { arguments: { text: 'hi' } } },
  sendRequest: { path: '/api/servers/talk/requests', body: { method: 'ping' } },
  callTools: {
    path: '/api/calls',
    body: { calls: [{ server: 'talk', tool: 'echo', arguments: { text: 'hi' } }, { tool: 'nothing' }] },
  },
  listActors: { path: '/api/actors' },
  getServerSnapshot: { path: '/api/servers/talk/snapshot' },
  getActorSnapshot: { path: '/api/actors/supervisor/snapshot' },
  sendActorEvent: { path: '/api/actors/group:default/events', body: { type: 'group.reset' } },
  listMachines: { path: '/api/machines' },
  getMachine: { path: '/api/machines/server' },
  streamFacts: { path: '/api/events?since=0' },
  readJournal: { path: '/api/journal?limit=5' },
  getOpenApi: { path: '/openapi.json' },
  getDocs: { path: '/docs' },
  getProblems: { path: '/docs/problems' },
};
