/** A control plane with little memory, and many servers that send much at the same time: none of it a message too long. */

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { openHttpServer } from '../support/http-server.ts';
import { until } from '../support/processes.ts';

const program = (name: string) => fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url));

const mebibyte = 1024 * 1024;
const heapMebibytes = 256;
/** What the program and everything else takes, besides. */
const mostResident = (heapMebibytes + 500) * mebibyte;
const many = 40;
const names = Array.from({ length: many }, (_, index) => `s${index}`);

interface Status {
  readonly alarms: readonly { readonly alarm: string; readonly reason: string }[];
  readonly servers: readonly {
    readonly name: string;
    readonly state: string;
    readonly generation: number;
    readonly attempt: number;
  }[];
}

const statusOf = async ({ client }: RunningDaemon) => (await client.get('/api/status')).json as unknown as Status;

/** The most memory that a process has had, in bytes. */
function mostMemoryOf(pid: number): number {
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function figure({ client }: RunningDaemon, series: string): Promise<number> {
  const line = (await client.get('/metrics')).text.split('\n').find((one) => one.startsWith(series));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

/** The servers `s0` … and a sound one, all of them connected. */
async function upWith(entryOf: (name: string) => Readonly<Record<string, unknown>>): Promise<RunningDaemon> {
  const scene = openScene();
  const servers = Object.fromEntries(names.map((name) => [name, entryOf(name)]));
  const config = scene.writeConfig(
    { sound: scene.talker(), ...servers },
    { restart: { baseMs: 100, capMs: 1_000 }, startTimeoutMs: 120_000 },
  );
  const daemon = await scene.up({
    args: ['--config', config],
    env: { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` },
  });
  await areConnected(daemon);
  return daemon;
}

function areConnected(daemon: RunningDaemon): Promise<void> {
  return until(
    'every server is connected',
    async () => (await statusOf(daemon)).servers.every(({ state }) => state === 'connected'),
    120_000,
  );
}

/** How the calls of a tool of every server end: with an error's code and why, or with `answered`. */
async function callAll({ client }: RunningDaemon, tool: string, args: object): Promise<readonly string[]> {
  const call = async (name: string): Promise<string> => {
    const { status, json } = await client.post(`/api/servers/${name}/tools/${tool}/call`, { arguments: args });
    if (status === 200) return 'answered';
    return json.code === 'OUTCOME_UNKNOWN' ? `OUTCOME_UNKNOWN ${String(json.reason)}` : String(json.code);
  };
  return Promise.all(names.map(call));
}

/** Calls the sound server one time after another until `isOver`; returns how often it answered. Each answer is 1 MiB. */
async function callMeanwhile({ client }: RunningDaemon, isOver: () => boolean): Promise<number> {
  let answered = 0;
  while (!isOver()) {
    const { status, text: answer } = await client.post('/api/servers/sound/tools/fill/call', {
      arguments: { bytes: mebibyte },
    });
    expect({ status, isWhole: answer.length > mebibyte }, answer.slice(0, 500)).toEqual({ status: 200, isWhole: true });
    answered += 1;
  }
  return answered;
}

/** Calls `pour` of every server, and the sound one until all of these calls have ended. */
async function pourMeanwhile(daemon: RunningDaemon, bytes: number) {
  let isOver = false;
  const ends = callAll(daemon, 'pour', { bytes }).finally(() => {
    isOver = true;
  });
  const answered = await callMeanwhile(daemon, () => isOver);
  return { ends: await ends, answered };
}

/** What is held of unfinished messages of the servers whose names begin like this, in bytes. */
async function heldBy({ client }: RunningDaemon, beginning: string): Promise<number> {
  const series = (await client.get('/metrics')).text.split('\n');
  const held = series.filter(
    (line) => line.startsWith(`mcpvisor_held_bytes{server="${beginning}`) && line.includes('of="messages"'),
  );
  return held.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

type AnswerCall = (response: ServerResponse, call: { readonly id: number; readonly bytes: number }) => void;

/** A remote server at every path; `answerCall` answers the calls of its tool. */
async function serveMany(answerCall: AnswerCall): Promise<string> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { id, method, params } = JSON.parse((await text(request)) || '{}');
    if (id === undefined) return response.writeHead(request.method === 'GET' ? 405 : 202).end();
    if (method === 'tools/call') return answerCall(response, { id, bytes: params.arguments.bytes });
    const results: Readonly<Record<string, object>> = {
      initialize: {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'many', version: '1' },
      },
      'tools/list': { tools: [{ name: 'pour', inputSchema: { type: 'object' } }] },
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }));
  };
  return (await openHttpServer((request, response) => void answer(request, response))).url;
}

/** All of them are answered when the last one has come. */
function together(answerCall: AnswerCall): AnswerCall {
  const waiting: (() => void)[] = [];
  return (response, call) => {
    waiting.push(() => answerCall(response, call));
    if (waiting.length === many) for (const one of waiting.splice(0)) one();
  };
}

async function lives(daemon: RunningDaemon, answered: number): Promise<void> {
  const { alarms } = await statusOf(daemon);
  const worstMs = Math.round(1_000 * (await figure(daemon, 'mcpvisor_event_loop_delay_seconds{quantile="1"}')));
  const most = mostMemoryOf(daemon.pid);
  process.stdout.write(
    `The sound server answered ${answered} times; the loop was blocked for ${worstMs} ms at most; ${Math.round(most / mebibyte)} MiB of memory at most.\n`,
  );
  expect(alarms.map(({ alarm }) => alarm)).toContain('buffers-exhausted');
  expect(answered).toBeGreaterThan(0);
  expect(worstMs).toBeLessThan(15_000);
  expect(most).toBeLessThan(mostResident);
  const limit = await figure(daemon, 'mcpvisor_held_bytes_limit{of="messages",bound="process"}');
  expect(limit).toBeGreaterThan((heapMebibytes / 4) * mebibyte - 1);
}

describe.runIf(process.platform === 'linux')(`${many} servers that send as much as one may, all at once`, () => {
  it.each([
    { what: 'more than there is for one', bytes: 60 * mebibyte },
    { what: 'what all of them have no room for', bytes: 20 * mebibyte },
  ])(
    'get their calls refused, over HTTP and compressed: $what',
    async ({ bytes }) => {
      const body = gzipSync('x'.repeat(bytes));
      const origin = await serveMany(
        together((response, { id }) => {
          const [head, tail] = [`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`, '"}]}}'];
          response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
          response.end(Buffer.concat([gzipSync(head), body, gzipSync(tail)]));
        }),
      );
      const daemon = await upWith((name) => ({ url: `${origin}/${name}`, transport: 'http' }));
      const { ends, answered } = await pourMeanwhile(daemon, bytes);
      expect(new Set(ends)).toEqual(
        new Set(bytes > 40 * mebibyte ? ['ANSWER_DROPPED'] : ['ANSWER_DROPPED', 'answered']),
      );
      await lives(daemon, answered);
      const { servers } = await statusOf(daemon);
      expect(servers.filter(({ state, generation }) => state !== 'connected' || generation !== 1)).toEqual([]);
    },
    240_000,
  );

  it('leave room for others with events that go on and on', async () => {
    const dripping: ServerResponse[] = [];
    const origin = await serveMany((response, { bytes }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${'x'.repeat(bytes)}`);
      dripping.push(response);
    });
    const drip = setInterval(() => dripping.map((response) => response.write('x')), 50);
    onTestFinished(() => clearInterval(drip));
    const daemon = await upWith((name) => ({ url: `${origin}/${name}`, transport: 'http', callTimeoutMs: 12_000 }));
    const { ends, answered } = await pourMeanwhile(daemon, 20 * mebibyte);
    expect(new Set(ends)).toEqual(new Set(['ANSWER_DROPPED', 'CALL_TIMED_OUT']));
    await lives(daemon, answered);
    await until('nothing is held any more', async () => (await heldBy(daemon, 's')) === 0);
  }, 240_000);

  it('are started again, uncounted, when their lines do not end', async () => {
    const args = [program('writes-long-lines')];
    const daemon = await upWith(() => ({ command: process.execPath, args, callTimeoutMs: 120_000 }));
    const { ends, answered } = await pourMeanwhile(daemon, 60 * mebibyte);
    for (const end of ends) expect(end).toMatch(/^OUTCOME_UNKNOWN (shortage|messageTooLarge)$/);
    expect(ends).toContain('OUTCOME_UNKNOWN shortage');
    await lives(daemon, answered);
    await areConnected(daemon);
    const { servers } = await statusOf(daemon);
    expect(servers.filter(({ attempt }) => attempt > 1)).toEqual([]);
    await until('nothing is held any more', async () => (await heldBy(daemon, 's')) === 0);
  }, 240_000);
});
