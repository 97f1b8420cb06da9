/**
 * A remote server that sends a text over and over in event streams, as fast as it is read, as soon as anybody listens.
 * Says its port on stdout.
 */

import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const event = process.argv[2];
const piece = event.repeat(Math.ceil((64 * 1024) / event.length));

async function answer(request, response) {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const write = () => {
      while (response.write(piece));
      response.once('drain', write);
    };
    write();
    return;
  }
  const { id, method, params } = JSON.parse((await text(request)) || '{}');
  if (id === undefined) return response.writeHead(202).end();
  const { protocolVersion } = params ?? {};
  const introduction = { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'streams', version: '1' } };
  const result = method === 'initialize' ? introduction : { tools: [] };
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
