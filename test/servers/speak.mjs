/**
 * A well-behaved MCP server over stdio, without dependencies. Run alone it offers the tools below; the misbehaving
 * servers beside it import `speak` and change one thing. `methods` adds or replaces methods: a function of (params,
 * message) whose value is the result; undefined: no answer; a thrown `{ code, message, data }` is the error.
 * `onMessage` hears every message first; when it returns 'ignore' that is all. `tools` adds or replaces tools: `{
 * description, inputSchema, call(arguments, { progress, message }) }`; a returned string is its text; null takes a
 * default tool away.
 */

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const knownVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

const defaultTools = {
  echo: {
    description: 'Gives back its text',
    inputSchema: schemaOf({ text: 'string' }),
    call: ({ text }) => String(text),
  },
  add: {
    description: 'Adds two numbers',
    inputSchema: schemaOf({ a: 'number', b: 'number' }),
    call: ({ a, b }) => String(a + b),
  },
  sleep: {
    description: 'Answers after a while',
    inputSchema: schemaOf({ ms: 'number' }),
    call: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'slept')),
  },
  pid: { description: 'The id of this process', inputSchema: schemaOf({}), call: () => String(process.pid) },
  environment: {
    description: 'All environment variables as JSON',
    inputSchema: schemaOf({}),
    call: () => JSON.stringify(process.env),
  },
  folder: { description: 'The working directory', inputSchema: schemaOf({}), call: () => process.cwd() },
  fill: {
    description: 'Answers with so many bytes',
    inputSchema: schemaOf({ bytes: 'number' }),
    call: ({ bytes }) => 'x'.repeat(bytes),
  },
  complain: {
    description: 'Writes to stderr',
    inputSchema: schemaOf({ text: 'string' }),
    call({ text }) {
      process.stderr.write(`${text}\n`);
      return 'complained';
    },
  },
  exit: {
    description: 'Exits with a code',
    inputSchema: schemaOf({ code: 'number' }),
    call: ({ code }) => process.exit(code),
  },
};

/** Starts to speak on stdin and stdout. Ends the process when stdin ends, unless `onEnd` says otherwise. */
export function speak({
  name = 'speak',
  version = '1.0.0',
  capabilities = { tools: {} },
  methods = {},
  tools = {},
  onMessage = () => {},
  onEnd = () => process.exit(0),
} = {}) {
  const allTools = Object.entries({ ...defaultTools, ...tools }).filter(([, tool]) => tool !== null);
  const toolOf = new Map(allTools);
  const cancelled = new Set();
  const answers = new Map();
  let lastRequestId = 0;

  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const notify = (method, params) => send({ method, params });
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      lastRequestId += 1;
      answers.set(lastRequestId, { resolve, reject });
      send({ id: lastRequestId, method, params });
    });

  const allMethods = {
    initialize: (params) => ({
      protocolVersion: knownVersions.includes(params.protocolVersion) ? params.protocolVersion : knownVersions[0],
      capabilities,
      serverInfo: { name, version },
    }),
    ping: () => ({}),
    'tools/list': () => ({
      tools: allTools.map(([toolName, { call, ...listed }]) => ({
        name: toolName,
        inputSchema: schemaOf({}),
        ...listed,
      })),
    }),
    'tools/call': async (params, message) => {
      const tool = toolOf.get(params.name);
      if (tool === undefined) throw { code: -32602, message: `Unknown tool: ${params.name}` };
      const token = params._meta?.progressToken;
      const progress = (done, total, text) =>
        token !== undefined &&
        notify('notifications/progress', { progressToken: token, progress: done, total, message: text });
      const result = await tool.call(params.arguments ?? {}, { progress, message });
      return typeof result === 'string' ? { content: [{ type: 'text', text: result }] } : result;
    },
    ...methods,
  };

  const answer = async (message) => {
    const method = allMethods[message.method];
    if (method === undefined)
      return send({ id: message.id, error: { code: -32601, message: `Method not found: ${message.method}` } });
    try {
      const result = await method(message.params ?? {}, message);
      if (result !== undefined && !cancelled.delete(message.id)) send({ id: message.id, result });
    } catch (error) {
      send({ id: message.id, error: { code: error.code ?? -32603, message: error.message, data: error.data } });
    }
  };

  const hear = (line) => {
    const message = JSON.parse(line);
    if (onMessage(message) === 'ignore') return;
    if (message.method === 'notifications/cancelled') cancelled.add(message.params.requestId);
    else if (message.method !== undefined && message.id !== undefined) void answer(message);
    else if (message.id !== undefined) {
      const waiting = answers.get(message.id);
      answers.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.result);
      else waiting?.reject(message.error);
    }
  };

  let pieces = [];
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    pieces.push(chunk);
    if (!chunk.includes('\n')) return;
    const lines = pieces.join('').split('\n');
    pieces = [lines.pop()];
    for (const line of lines) if (line.trim() !== '') hear(line);
  });
  process.stdin.on('end', onEnd);
  process.stdout.on('error', () => process.exit(1));
  return { send, notify, request };
}

function schemaOf(properties) {
  const types = Object.fromEntries(Object.entries(properties).map(([property, type]) => [property, { type }]));
  return { type: 'object', properties: types, required: Object.keys(properties) };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) speak();
