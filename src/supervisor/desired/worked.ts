/**
 * Which specifications have worked. A server that was connected with one, and then answers with 404, is being deployed
 * or moved; with one that never worked, its address is wrong. Kept over restarts of the control plane.
 */

import { hashOf } from '../../config/plan/plan.ts';
import { createDurableFile } from '../../durable-file.ts';
import { readOwnFile } from '../../own-file.ts';
import type { ServerSpecification } from '../../specification.ts';
import { isSystemError } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { isRecord } from '../../text/json.ts';

export interface WorkedSpecifications {
  readonly has: (specification: ServerSpecification) => boolean;
  /** A server was connected with it. Does not throw; nobody waits for the write. */
  readonly note: (specification: ServerSpecification) => void;
  /** Resolves when the last one is on disk, or cannot be written. Does not throw. */
  readonly close: () => Promise<void>;
}

export interface WorkedOptions {
  /** Null: they are kept in memory. */
  readonly path: string | null;
  /** Receives what is wrong with the file; it is not fatal. */
  readonly onError: (message: string) => void;
  /** Called with the error of each write that failed, and with null once the file is up to date again. */
  readonly onTrouble: (error: unknown) => void;
}

/** The servers connected last, of those there ever were: some 1.5 MB. */
const mostKept = 10_000;

/** Time before a write that failed is tried again, in milliseconds. */
const retryMs = 1_000;

export function createWorked({ path, onError, onTrouble }: WorkedOptions): WorkedSpecifications {
  /** The last specification of each server, as its hash. */
  const hashes = path === null ? new Map<string, string>() : read(path, onError);
  const content = () => `${JSON.stringify({ servers: [...hashes] })}\n`;
  const file = path === null ? null : createDurableFile({ path, content, onTrouble, retryMs });
  return {
    has: (specification) => hashes.get(specification.name) === hashOf(specification),
    note(specification) {
      const { name } = specification;
      const hash = hashOf(specification);
      if (hashes.get(name) === hash) return;
      hashes.delete(name);
      hashes.set(name, hash);
      for (const oldest of hashes.keys()) {
        if (hashes.size <= mostKept) break;
        hashes.delete(oldest);
      }
      // It never rejects.
      void file?.save();
    },
    close: async () => file?.close(),
  };
}

function read(path: string, onError: (message: string) => void): Map<string, string> {
  try {
    const found: unknown = JSON.parse(readOwnFile(path));
    const pairs = isRecord(found) && Array.isArray(found.servers) ? found.servers : [];
    return new Map(pairs.filter(isPair).slice(-mostKept));
  } catch (error) {
    if (!isSystemError(error, 'ENOENT'))
      onError(`${path} cannot be read (${wordsOf(error)}): which servers have worked will be learned again.`);
    return new Map();
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
