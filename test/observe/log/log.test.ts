import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../../../machines/failure.ts';
import type { FactBody } from '../../../src/observe/facts/fact.ts';
import { createFacts } from '../../../src/observe/facts/facts.ts';
import { createLog, type LogOptions } from '../../../src/observe/log/log.ts';
import { createRedactor } from '../../../src/observe/secrets/redact.ts';

const alarm: FactBody = { type: 'alarm.raised', actor: 'server:files', alarm: 'flapping', reason: 'too many restarts' };

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function logTo(options: Omit<LogOptions, 'facts' | 'redactor'>) {
  const facts = createFacts({ firstSeq: 1, now: () => Date.parse('2026-01-02T03:04:05.006Z') });
  const redactor = createRedactor();
  return { facts, redactor, log: createLog({ facts, redactor, ...options }) };
}

function textOf(stream: PassThrough): string {
  return String(stream.read() ?? '');
}

describe('a JSON log', () => {
  it('carries the fields of the fact and the sentence', () => {
    const stream = new PassThrough();
    const { facts } = logTo({ destination: stream, format: 'json' });
    facts.publish(alarm);
    expect(JSON.parse(textOf(stream))).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      seq: 1,
      at: '2026-01-02T03:04:05.006Z',
      type: 'alarm.raised',
      actor: 'server:files',
      alarm: 'flapping',
      reason: 'too many restarts',
      msg: 'files: alarm flapping: too many restarts',
    });
  });

  it('is the default where nobody looks', () => {
    const stream = new PassThrough();
    const { facts } = logTo({ destination: stream });
    facts.publish(alarm);
    expect(textOf(stream)).toMatch(/^\{.*\}\n$/);
  });
});

describe('a pretty log', () => {
  it('writes one line per fact: time, level, sentence', () => {
    const stream = new PassThrough();
    const { facts } = logTo({ destination: stream, format: 'pretty' });
    facts.publish(alarm);
    expect(textOf(stream)).toMatch(/^\d\d:\d\d:05\.006 warn {2}files: alarm flapping: too many restarts\n$/);
  });

  it('stays on one line and passes no escape sequences of a server on', () => {
    const stream = new PassThrough();
    const { facts } = logTo({ destination: stream, format: 'pretty' });
    facts.publish({
      type: 'server.failed',
      actor: 'server:files',
      failure: failure('internal', 'a\nb\u001b[2J\u001b]0;title\u0007\u0000c'),
    });
    expect(textOf(stream)).toMatch(/: a\\nb\\u001b\[2J\\u001b\]0;title\\u0007\\u0000c\n$/);
  });

  it('has colours on a terminal or when asked for', () => {
    for (const options of [
      { destination: Object.assign(new PassThrough(), { isTTY: true }) },
      { destination: new PassThrough(), format: 'pretty', colors: true },
    ] as const) {
      const { facts } = logTo(options);
      facts.publish(alarm);
      expect(textOf(options.destination)).toContain('\u001b[33mwarn');
    }
  });
});

describe('a log with a level', () => {
  it('leaves out what is less', () => {
    const stream = new PassThrough();
    const { facts } = logTo({ destination: stream, format: 'pretty', level: 'warn' });
    facts.publish({ type: 'server.removed', actor: 'server:files' });
    facts.publish({ type: 'probe.sent', actor: 'server:files', kind: 'ping' });
    expect(textOf(stream)).toBe('');
    facts.publish(alarm);
    expect(textOf(stream)).toContain('flapping');
  });

  it('writes nothing when it is silent', () => {
    const stream = new PassThrough();
    const { facts, log } = logTo({ destination: stream, level: 'silent' });
    facts.publish(alarm);
    log.write('error', {}, 'anything');
    expect(textOf(stream)).toBe('');
  });
});

describe('a log of secrets', () => {
  it('shows none, in fields, in sentences, and in lines that are no facts', () => {
    const stream = new PassThrough();
    const { facts, log, redactor } = logTo({ destination: stream, format: 'json' });
    redactor.addSecrets('files', ['s3cr3t-value']);
    facts.publish({
      type: 'server.failed',
      actor: 'server:files',
      failure: failure('exited', '', { stderrTail: ['k'.repeat(395), `${'k'.repeat(395)}s3cr3t-value`] }),
    });
    log.write('info', { line: 's3cr3t-value' }, 'files: s3cr3t-value');
    const text = textOf(stream);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toContain('s3cr');
    expect(text).toContain('"line":"[redacted]"');
  });
});

describe('a host with a logger of its own', () => {
  it('gets the lines there', () => {
    const stream = new PassThrough();
    const { facts } = logTo({ logger: pino({ base: null, timestamp: false }, stream) });
    facts.publish(alarm);
    facts.publish({ type: 'probe.sent', actor: 'server:files', kind: 'ping' });
    expect(JSON.parse(textOf(stream))).toMatchObject({
      level: 40,
      actor: 'server:files',
      msg: 'files: alarm flapping: too many restarts',
    });
  });

  it('holds up nobody with one that throws', () => {
    const cry = (): never => {
      throw new Error('of the logger');
    };
    const { facts } = logTo({ logger: { trace: cry, debug: cry, info: cry, warn: cry, error: cry } });
    facts.publish(alarm);
    expect(facts.listenerErrors).toBe(1);
  });
});

describe('a destination that takes nothing', () => {
  it('costs lines and not facts, when it is a stream; the gap is told of', async () => {
    let takeOn = (): void => {};
    const taken: string[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write(chunk, _, done) {
        taken.push(String(chunk));
        if (taken.length === 1) takeOn = done;
        else done();
      },
    });
    const { facts, log } = logTo({ destination: stream, format: 'pretty', maxBufferedBytes: 1000 });
    for (let count = 0; count < 100; count += 1) facts.publish(alarm);
    expect(facts.lastSeq).toBe(100);
    const { droppedLines } = log;
    expect(droppedLines).toBeGreaterThan(70);
    takeOn();
    await vi.waitFor(() => expect(stream.writableLength).toBe(0), { timeout: 5000 });
    facts.publish(alarm);
    expect(taken.at(-2)).toContain(`${droppedLines} log lines were dropped`);
    expect(taken.length - 1 + droppedLines).toBe(101);
    await log.close();
  });

  it('costs lines and not facts, when it is a pipe nobody reads', async () => {
    const fifo = join(directory, 'pipe');
    execFileSync('mkfifo', [fifo]);
    // Read and write, so that opening waits for no reader.
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const own = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const { facts, log } = logTo({ destination: fd, format: 'pretty', maxBufferedBytes: 100_000 });
      for (let count = 0; count < 10_000; count += 1) facts.publish(alarm);
      expect(log.droppedLines).toBeGreaterThan(1000);
      const buffer = Buffer.alloc(65_536);
      const text = await vi.waitFor(() => buffer.toString('utf8', 0, readSync(own, buffer)), { timeout: 5000 });
      expect(text).toContain('alarm flapping');
      await log.close();
      await log.close();
    } finally {
      closeSync(own);
    }
  });

  it('is told of once, when it is a stream that throws', () => {
    const problems: (Error | null)[] = [];
    const destination = {
      write(): never {
        throw new Error('of the stream');
      },
    };
    const { facts, log } = logTo({ destination, onTrouble: (error) => problems.push(error) });
    facts.publish(alarm);
    facts.publish(alarm);
    expect(problems).toHaveLength(1);
    expect([log.droppedLines, facts.listenerErrors]).toEqual([2, 0]);
  });

  it('is told of when it cannot be written, and when it can be again, and then has every line', async () => {
    const problems: (Error | null)[] = [];
    const file = join(directory, 'missing', 'file.log');
    const { facts, log } = logTo({ destination: file, onTrouble: (error) => problems.push(error) });
    facts.publish(alarm);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 5000 });
    facts.publish(alarm);
    mkdirSync(join(directory, 'missing'));
    await vi.waitFor(() => expect(problems).toMatchObject([{ code: 'ENOENT' }, null]), { timeout: 10_000 });
    await log.close();
    expect(log.droppedLines).toBe(0);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
  });
});

describe('a log file', () => {
  it('holds every line after close, readable by its owner only', async () => {
    const file = join(directory, 'mcpvisor.log');
    const { facts, log } = logTo({ destination: file, format: 'pretty' });
    for (let count = 0; count < 1000; count += 1) facts.publish(alarm);
    await log.close();
    facts.publish(alarm);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(1001);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(log.droppedLines).toBe(0);
  });
});
