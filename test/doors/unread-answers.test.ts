/** A control plane with little memory, and callers who ask for much and read nothing. */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const sendsMuch = fileURLToPath(new URL('../servers/sends-20-mib.mjs', import.meta.url));

const mebibyte = 1024 * 1024;
const heapMebibytes = 256;
/** What the program, messages and everything else takes, besides. */
const mostResident = (heapMebibytes + 300) * mebibyte;
/** Their answers are more than `mostResident`. */
const callers = 28;

interface Status {
  readonly counts: { readonly inFlight: number; readonly queued: number };
}

async function isAtRest({ client }: RunningDaemon, name: string): Promise<boolean> {
  const { counts } = (await client.get(`/api/servers/${name}`)).json as unknown as Status;
  return counts.inFlight === 0 && counts.queued === 0;
}

/** Sends a call and reads nothing of the answer. */
function callWithoutReading({ url, token }: RunningDaemon, path: string, headers = ''): Socket {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  // The control plane may cut it off.
  socket.on('error', () => {});
  const head = `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n${headers}`;
  socket.write(`${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** What is held of answers on their way, in bytes. */
async function heldOfAnswers({ client }: RunningDaemon): Promise<number> {
  const series = (await client.get('/metrics')).text.split('\n');
  const held = series.filter((line) => line.startsWith('mcpvisor_held_bytes{') && line.includes('of="answers"'));
  return held.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function mostMemoryOf(pid: number): number {
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describe.runIf(process.platform === 'linux')(`${callers} callers who read nothing of 20 MiB each`, () => {
  it.each([
    { what: 'as one document', headers: '', servers: 1 },
    { what: 'as one document, of many servers', headers: '', servers: 8 },
    { what: 'as a stream', headers: 'Accept: text/event-stream\r\n', servers: 1 },
    { what: 'under a key', headers: 'Idempotency-Key: KEY\r\n', servers: 1 },
  ])(
    'take no more than there is for answers, and others are answered: $what',
    async ({ headers, servers }) => {
      const scene = openScene();
      const names = Array.from({ length: servers }, (_, index) => `large${index}`);
      const large = {
        command: process.execPath,
        args: [sendsMuch, scene.mark],
        // They have the memory that they need.
        env: { NODE_OPTIONS: '' },
        callTimeoutMs: 120_000,
        maxConcurrentCalls: 2,
      };
      const config = scene.writeConfig({
        sound: scene.talker(),
        ...Object.fromEntries(names.map((name) => [name, large])),
      });
      const daemon = await scene.up({
        args: ['--config', config],
        env: { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` },
      });
      const { client } = daemon;
      await until('it is ready', async () => (await client.get('/readyz')).status === 200, 60_000);

      let answered = 0;
      const sockets = await underAttack(
        `${callers} unread answers`,
        async () => {
          const all = Array.from({ length: callers }, (_, index) =>
            callWithoutReading(
              daemon,
              `/api/servers/large${index % servers}/tools/large/call`,
              headers.replace('KEY', String(index)),
            ),
          );
          await until(
            'all calls are over',
            async () => {
              const fill = { arguments: { bytes: mebibyte } };
              const { status, text } = await client.post('/api/servers/sound/tools/fill/call', fill);
              expect({ status, isWhole: text.length > mebibyte }, text.slice(0, 500)).toEqual({
                status: 200,
                isWhole: true,
              });
              answered += 1;
              const rest = await Promise.all(names.map((name) => isAtRest(daemon, name)));
              return answered > 1 && rest.every(Boolean);
            },
            120_000,
          );
          return all;
        },
        { client, mostMs: 15_000 },
      );
      const most = mostMemoryOf(daemon.pid);
      process.stdout.write(`others were answered ${answered} times; ${Math.round(most / mebibyte)} MiB at most\n`);
      expect(most).toBeLessThan(mostResident);
      const held = await heldOfAnswers(daemon);
      expect(held).toBeGreaterThan(mebibyte);
      expect(held).toBeLessThanOrEqual(((heapMebibytes + 64) / 4) * mebibyte);

      // Among many servers, a smaller answer may take the place of a larger one.
      if (servers === 1) {
        const refused = await client.post('/api/servers/large0/tools/large/call', {});
        expect(refused).toMatchObject({ status: 507, json: { code: 'ANSWERS_UNREAD' } });
      }
      for (const socket of sockets) socket.destroy();
      await until('the room is free again', async () => (await heldOfAnswers(daemon)) === 0);
      expect(await client.post('/api/servers/large0/tools/large/call', {})).toMatchObject({ status: 200 });
    },
    240_000,
  );
});
