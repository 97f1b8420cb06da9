/**
 * The socket of a lock: it answers exactly while its owner lives, whatever PID namespace or container that is in. A pid
 * and a start time mean nothing to a process that cannot see them.
 */

import { closeSync, constants, lstatSync, openSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { isSystemError } from '../system-error.ts';

export interface LockSocket {
  /** Listens again if the file is gone. Does not throw. */
  restore(): Promise<void>;
  /** Removes the file. May be called twice; does not throw. */
  close(): Promise<void>;
}

/** Longest path that fits into the address of a socket on every system, in bytes. */
const maxAddressBytes = 100;

/** A process that does not answer within this time is stopped or swapped out, but lives. */
const answerMs = 2_000;

/** Null: this file system has no sockets, or the path is too long. */
export async function openLockSocket(path: string): Promise<LockSocket | null> {
  const server = createServer((socket) => socket.destroy()).unref();
  // Of a connection that could not be accepted: who connects has its answer all the same.
  server.on('error', () => undefined);
  if (!(await listens(server, path))) return null;
  return {
    async restore() {
      if (isSocket(path)) return;
      await closed(server);
      await listens(server, path);
    },
    async close() {
      await closed(server);
      // Node removes it where the path is the one that it listens at.
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** Whether somebody listens there. A link is not followed. */
export async function answers(path: string): Promise<boolean> {
  if (!isSocket(path)) return false;
  return atAddress(path, (address) => {
    if (address === null) return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      const socket = createConnection(address);
      const settle = (isAnswered: boolean) => {
        socket.destroy();
        resolve(isAnswered);
      };
      socket.once('connect', () => settle(true));
      socket.once('error', (error) => settle(!isSystemError(error, 'ECONNREFUSED') && !isSystemError(error, 'ENOENT')));
      socket.setTimeout(answerMs, () => settle(true));
    });
  });
}

/** The PID namespace of this process; null where the system has none, or does not tell. */
export function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux, or /proc is not mounted.
    return null;
  }
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // Missing or not accessible: nobody can be asked there.
    return false;
  }
}

function listens(server: Server, path: string): Promise<boolean> {
  return atAddress(path, (address) => {
    if (address === null) return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      const refuse = () => resolve(false);
      server.once('error', refuse);
      server.listen(address, () => {
        server.off('error', refuse);
        resolve(true);
      });
    });
  });
}

/** A path that is too long is shortened by way of its folder's descriptor, where the system has such paths. */
async function atAddress<Result>(path: string, use: (address: string | null) => Promise<Result>): Promise<Result> {
  if (Buffer.byteLength(path) <= maxAddressBytes) return use(path);
  let folder: number;
  try {
    folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    // Gone or not accessible: there is no such address.
    return use(null);
  }
  try {
    return await use(process.platform === 'linux' ? join(`/proc/self/fd/${folder}`, basename(path)) : null);
  } finally {
    closeSync(folder);
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
