/** A control plane with little memory and many servers, and callers who ask for long lists and read nothing. */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { sharedByTests } from '../support/finishing.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const mebibyte = 1024 * 1024;
const heapMebibytes = 256;
/** What the program, messages and everything else takes, besides. */
const mostResident = (heapMebibytes + 300) * mebibyte;
const servers = 600;
const callers = 6;
const requestsOfEach = 100;

/** Nothing of one list may be held when the next one is asked for. */
const running = sharedByTests((): Promise<RunningDaemon> => {
  const scene = openScene();
  const idle = { ...scene.talker({ enabled: false }), env: { FOR_LENGTH: '.'.repeat(500) } };
  const config = scene.writeConfig(
    Object.fromEntries(Array.from({ length: servers }, (_, index) => [`server-${index}`, idle])),
  );
  return scene.up({ args: ['--config', config], env: { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` } });
});

/** Sends many requests at once and reads nothing of their answers. */
function askWithoutReading({ url, token }: RunningDaemon, path: string): Socket {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  // The control plane may cut it off.
  socket.on('error', () => {});
  const head = `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  socket.write(head.repeat(requestsOfEach));
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Reads what there is to read until there is an answer to each request. */
async function countAnswers(socket: Socket): Promise<{ readonly given: number; readonly refused: number }> {
  let [given, refused, end] = [0, 0, ''];
  socket.on('data', (chunk: Buffer) => {
    const text = end + chunk.toString('latin1');
    given += text.split('HTTP/1.1 200 ').length - 1;
    refused += text.split('HTTP/1.1 507 ').length - 1;
    // A line may come in two parts; a whole one is no longer than what is kept.
    end = text.slice(-'HTTP/1.1 200'.length);
  });
  socket.resume();
  await until('all are answered', () => given + refused === requestsOfEach, 60_000);
  return { given, refused };
}

/** What is held of answers on their way, in bytes; `full`: there was no room to say so. */
async function heldOfAnswers({ client }: RunningDaemon): Promise<number | 'full'> {
  const { status, text } = await client.get('/metrics');
  if (status === 507) return 'full';
  const held = text.split('\n').filter((line) => line.startsWith('mcpvisor_held_bytes{') && line.includes('"answers"'));
  return held.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function mostMemoryOf(pid: number): number {
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describe.runIf(process.platform === 'linux')(
  `${callers} callers who read nothing of ${requestsOfEach} lists each`,
  () => {
    it.each([
      '/api/status',
      '/api/servers',
      '/api/servers?tools=names',
      '/api/actors',
      '/api/actors/supervisor/snapshot',
      '/api/config',
      '/metrics',
    ])(
      'take no more than there is for answers, and probes are answered: %s',
      async (path) => {
        const daemon = running();
        const { client } = daemon;
        const whole = await client.get(path);
        expect(whole.status).toBe(200);
        process.stdout.write(`${path}: ${whole.text.length} bytes\n`);
        const sockets = await underAttack(
          `unread answers of ${path}`,
          async () => {
            const all = Array.from({ length: callers }, () => askWithoutReading(daemon, path));
            await until('answers are held', async () => {
              for (const small of ['/healthz', '/api/servers/server-0'])
                expect((await client.get(small)).status).toBe(200);
              const held = await heldOfAnswers(daemon);
              return held === 'full' || held > 4 * mebibyte;
            });
            return all;
          },
          { client, mostMs: 15_000 },
        );
        const most = mostMemoryOf(daemon.pid);
        process.stdout.write(`${Math.round(most / mebibyte)} MiB at most\n`);
        expect(most).toBeLessThan(mostResident);
        const counts = await Promise.all(sockets.map(countAnswers));
        expect(counts.map(({ given, refused }) => given + refused)).toEqual(counts.map(() => requestsOfEach));
        expect(counts.some(({ given }) => given > 0) && counts.some(({ refused }) => refused > 0)).toBe(true);
        await until('nothing is held', async () => (await heldOfAnswers(daemon)) === 0);
        expect(mostMemoryOf(daemon.pid)).toBeLessThan(mostResident);
        expect((await client.get(path)).text.length).toBeGreaterThan(0.9 * whole.text.length);
      },
      120_000,
    );
  },
);
