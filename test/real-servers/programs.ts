/** The programs that are tried: how each is installed and started, and the entry that leads to it. */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ServerEntry } from '../../src/index.ts';
import { type Installation, npm, olderPython, pathOf, python } from './installations.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Program {
  readonly name: string;
  /** Everything that it and its entry need. */
  readonly installations: readonly Installation[];
  /** What listens on the port; `bins` has a folder of programs for each installation. */
  start(port: number, bins: readonly string[]): Command;
  entry(port: number, bins: readonly string[]): ServerEntry;
  /** What is killed: what listens, which is started again, or the process of the entry, which mcpvisor starts again. */
  readonly killed: 'listener' | 'process';
  /** False: it answers in a body without events, where progress has no place. */
  readonly tellsProgress: boolean;
  /** A tool that tells its progress for a second. */
  readonly tool: { readonly name: string; readonly args: Readonly<Record<string, unknown>> };
}

/** The stdio server that gateways wrap. */
const wrapped: readonly string[] = [
  process.execPath,
  createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js'),
  'stdio',
];

const http = (port: number): ServerEntry => ({ type: 'http', url: `http://127.0.0.1:${port}/mcp` });
const sse = (port: number): ServerEntry => ({ type: 'sse', url: `http://127.0.0.1:${port}/sse` });

const fastMcp = counting('FastMCP, Streamable HTTP', python, ['counts-with-fastmcp.py', 'streamable-http']);

export const programs: readonly Program[] = [
  fastMcp,
  counting('FastMCP, SSE', python, ['counts-with-fastmcp.py', 'sse']),
  counting('Python SDK 2, Streamable HTTP', python, ['counts-with-sdk.py', 'streamable-http']),
  counting('Python SDK 2, SSE', python, ['counts-with-sdk.py', 'sse']),
  counting('Python SDK 1, Streamable HTTP', olderPython, ['counts-with-sdk.py', 'streamable-http']),
  counting('Python SDK 1, SSE', olderPython, ['counts-with-sdk.py', 'sse']),
  { ...throughMcpRemote('mcp-remote, killed itself'), killed: 'process' },
  throughMcpRemote('mcp-remote, its server killed'),
  supergateway('supergateway, Streamable HTTP', http, ['--outputTransport', 'streamableHttp']),
  supergateway('supergateway, HTTP with sessions', http, ['--outputTransport', 'streamableHttp', '--stateful']),
  supergateway('supergateway, SSE', sse, ['--outputTransport', 'sse']),
  mcpProxy('mcp-proxy (npm), Streamable HTTP', npm, http),
  mcpProxy('mcp-proxy (npm), SSE', npm, sse),
  { ...mcpProxy('mcp-proxy (PyPI), Streamable HTTP', olderPython, http), tellsProgress: false },
  mcpProxy('mcp-proxy (PyPI), SSE', olderPython, sse),
];

/** A Python server of ours. */
function counting(name: string, installation: Installation, [file, transport]: readonly [string, string]): Program {
  return {
    name,
    installations: [installation],
    start: (port, [bin = '']) => ({ command: join(bin, 'python'), args: [pathOf(file), transport, String(port)] }),
    entry: transport === 'sse' ? sse : http,
    killed: 'listener',
    tellsProgress: true,
    tool: { name: 'count', args: { steps: 4 } },
  };
}

/** Speaks stdio, and is a client of a remote server itself. */
function throughMcpRemote(name: string): Program {
  return {
    ...fastMcp,
    name,
    installations: [python, npm],
    entry: (port, [, bin = '']) => ({
      command: join(bin, 'mcp-remote'),
      args: [`http://127.0.0.1:${port}/mcp`],
      // By default it keeps what it learns in the home folder.
      env: { MCP_REMOTE_CONFIG_DIR: join(bin, 'learnt') },
    }),
  };
}

function supergateway(name: string, entry: Program['entry'], options: readonly string[]): Program {
  const stdio = wrapped.map((word) => JSON.stringify(word)).join(' ');
  return gateway({ name, installations: [npm], entry }, (port, bin) => ({
    command: join(bin, 'supergateway'),
    args: ['--stdio', stdio, '--port', String(port), ...options],
  }));
}

/** Two programs of that name take the same options, and offer both transports at once. */
function mcpProxy(name: string, installation: Installation, entry: Program['entry']): Program {
  return gateway({ name, installations: [installation], entry }, (port, bin) => ({
    command: join(bin, 'mcp-proxy'),
    args: ['--port', String(port), '--', ...wrapped],
  }));
}

/** What makes a remote server of the stdio server. */
function gateway(
  about: Pick<Program, 'name' | 'installations' | 'entry'>,
  toCommand: (port: number, bin: string) => Command,
): Program {
  return {
    ...about,
    start: (port, [bin = '']) => toCommand(port, bin),
    killed: 'listener',
    tellsProgress: true,
    tool: { name: 'trigger-long-running-operation', args: { duration: 1, steps: 4 } },
  };
}
