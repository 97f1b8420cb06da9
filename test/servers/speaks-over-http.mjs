/**
 * Speaks MCP over Streamable HTTP on a free port, whose address is its first line of output. `fill` answers with as many
 * bytes as it is asked for. With the argument `events`, answers are event streams that end with the answer; with
 * `leaks`, ones that never end.
 */

import { createServer } from 'node:http';

const [kind = 'json'] = process.argv.slice(2);
const texts = new Map();

const toText = (bytes) => texts.get(bytes) ?? texts.set(bytes, 'x'.repeat(bytes)).get(bytes);

function resultOf({ method, params }) {
  if (method === 'initialize') {
    return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'http', version: '1' } };
  }
  if (method === 'tools/list') return { tools: [{ name: 'fill', inputSchema: { type: 'object' } }] };
  return method === 'tools/call' ? { content: [{ type: 'text', text: toText(params?.arguments?.bytes ?? 1) }] } : {};
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (message.id === undefined) return response.writeHead(202).end();
    const answer = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: resultOf(message) });
    if (kind === 'json') return response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: message\ndata: ${answer}\n\n`);
    return kind === 'leaks' ? undefined : response.end();
  });
});

server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}/mcp\n`));
// Its parent is gone.
process.stdin.on('end', () => process.exit()).resume();
