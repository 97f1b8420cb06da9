import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { NotificationType, RequestType } from 'vscode-jsonrpc/node';
import { connectionOver } from '../../../src/session/isolated/lines.ts';

const echo = new RequestType<string, string, void>('echo');
const shout = new NotificationType<string>('shout');
const done = new NotificationType<string>('done');
const most = 1_024;

function open() {
  const [near, far] = duplexPair();
  const errors: string[] = [];
  const connection = connectionOver(far, (error) => errors.push(String(error)), most);
  connection.onRequest(echo, (text) => text);
  connection.onNotification(shout, (text) => void connection.sendNotification(done, text));
  connection.listen();
  return { near, far, errors };
}

it('is read however its lines are cut into pieces', async () => {
  const { near } = open();
  const connection = connectionOver(near, () => {});
  const answered = new Promise((resolve) => {
    connection.onNotification(done, resolve);
  });
  connection.listen();
  for (const byte of Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', method: 'shout', params: ['é😀'] })}\n`))
    near.write(Buffer.of(byte));
  expect(await answered).toBe('é😀');
});

it.each([
  ['in one piece, with its end', (line: string) => [`${line}\n`]],
  ['in many pieces, without one', (line: string) => line.match(/.{100}/g) ?? []],
  ['in many pieces, with its end', (line: string) => [...(line.match(/.{100}/g) ?? []), '\n']],
])('ends with a line that is too long: %s', async (_what, piecesOf) => {
  const { near, far, errors } = open();
  const closed = once(far, 'close');
  for (const piece of piecesOf(JSON.stringify('x'.repeat(most)).padEnd(2_000))) near.write(piece);
  await closed;
  expect(errors).toEqual([`Error: A line has more than ${most} bytes.`]);
});

it('ends with a line that is no JSON', async () => {
  const { near, far, errors } = open();
  near.write('GET / HTTP/1.1\r\n');
  await once(far, 'close');
  expect(errors).toHaveLength(1);
});

it('goes on after JSON that is no message', async () => {
  const { near } = open();
  const connection = connectionOver(near, () => {});
  near.write('null\n5\n{}\n');
  connection.listen();
  expect(await connection.sendRequest(echo, 'still there')).toBe('still there');
});
