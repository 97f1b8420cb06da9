/** The process at the other end: `tsx hop-peer.ts WAY SOCKET`. It says so when it listens, and ends with its parent. */

import { createServer } from 'node:net';
import { ways } from './hop-ends.ts';

const [name = '', path = ''] = process.argv.slice(2);
const way = ways.get(name);
if (way === undefined) throw new Error(`there is no way "${name}"`);
createServer((socket) => way.serve(socket.on('error', () => {}))).listen(path, () => process.send?.('listening'));
process.on('disconnect', () => process.exit());
