/**
 * A program with a link and nothing else: it exits by itself only if the link leaves nothing behind.
 * Calls `lost` over a stream that the SDK would resume, waits until its event stream has ended too, and ends the link.
 */

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { openRemoteLink } from '../../../src/session/remote/link.ts';
import { createSocketBudget } from '../../../src/session/remote/socket-budget.ts';
import { roomOf } from '../rooms.ts';

const ignore = () => {};
const client = new Client({ name: 'program', version: '1' });
let doubted: () => void = ignore;
const doubt = new Promise<void>((resolve) => {
  doubted = resolve;
});

const link = openRemoteLink(
  {
    server: 'far',
    transport: 'auto',
    url: process.argv[2] ?? '',
    headers: {},
    stop: { closeMs: 60_000 },
    maxMessageBytes: 1_000_000,
    maxConnections: 72,
    sockets: createSocketBudget(),
    room: roomOf(),
  },
  ({ type }) => {
    if (type === 'ended') process.stdout.write('ended\n');
    else if (type === 'doubted') doubted();
  },
);
await client.connect(link.transport);
const token = new Promise<void>((resolve) => {
  client.callTool({ name: 'lost' }, undefined, { timeout: 600_000, onresumptiontoken: () => resolve() }).catch(ignore);
});
await Promise.all([doubt, token]);
link.end('close');
