import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openOwnLog } from '../../../src/session/isolated/near/own-log.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

const tooMuch = `${'x'.repeat(1023)}\n`.repeat(1_100);

function pathOfLog(): string {
  return join(createScratchFolder(), 'logs', 'client-process.log');
}

function open(path: string) {
  const log = openOwnLog(path);
  onTestFinished(() => log.close());
  return log;
}

it('stays within its size while somebody writes to it, and keeps what it was', () => {
  const path = pathOfLog();
  const log = open(path);
  for (let times = 1; times <= 4; times += 1) {
    writeSync(log.fd, tooMuch);
    writeSync(log.fd, `the end of ${times}\n`);
    log.trim();
    expect(statSync(path).size).toBe(0);
  }
  writeSync(log.fd, 'what came after\n');
  expect(log.tail()).toEqual(['what came after']);
  expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/the end of 4\n$/);
  expect(readFileSync(`${path}.2`, 'utf8')).toMatch(/the end of 3\n$/);
  expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
});

it('shows only what was written since it was opened', () => {
  const path = pathOfLog();
  writeSync(open(path).fd, 'of an earlier start\n');
  const log = open(path);
  expect(log.tail()).toEqual([]);
  appendFileSync(path, 'of this one\n');
  expect(log.tail()).toEqual(['of this one']);
});

it('is still the file of a process that writes to it when it is opened again, however long it is', () => {
  const path = pathOfLog();
  open(path);
  const writer = openSync(path, 'a');
  onTestFinished(() => closeSync(writer));
  writeSync(writer, tooMuch);
  const log = open(path);
  writeSync(writer, 'goes on\n');
  expect(log.tail()).toEqual(['goes on']);
  expect(readFileSync(path, 'utf8')).toBe('goes on\n');
});

it('stays within its size if what it was cannot be kept', () => {
  const path = pathOfLog();
  const log = open(path);
  for (const name of [`${path}.1`, `${path}.2`]) {
    mkdirSync(name);
    writeFileSync(join(name, 'in the way'), '');
  }
  writeSync(log.fd, tooMuch);
  log.trim();
  expect(statSync(path).size).toBe(0);
});
