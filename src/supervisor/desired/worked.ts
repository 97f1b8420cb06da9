/**
 * Which specifications have worked. A server that was connected with one, and then answers with 404, is being deployed
 * or moved; with one that never worked, its address is wrong. Kept over removals, and in a state directory over restarts
 * of the control plane.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hashOf } from '../../config/plan/plan.ts';
import { createDurableFile } from '../../files/durable-file.ts';
import { readOwnFile } from '../../files/own-file.ts';
import type { ServerSpecification } from '../../specification.ts';
import { troubleOf } from '../../surroundings.ts';
import { isSystemError } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { isRecord } from '../../text/json.ts';

export interface WorkedSpecifications {
  /** Whether a server of this name was connected with it. */
  readonly has: (specification: ServerSpecification) => boolean;
  /**
   * A session is opened with it: call the returned function when it is ready. Neither throws; nobody waits for the
   * write.
   */
  readonly opened: (specification: ServerSpecification) => () => void;
  /** Resolves when the last one is on disk, or cannot be written. Does not throw. */
  readonly close: () => Promise<void>;
}

export interface WorkedOptions {
  /** Null: they are kept in memory. */
  readonly path: string | null;
  /** What `mcpvisor.secrets` of the configuration in force says. */
  readonly secrets: () => ReadonlyMap<string, string>;
  /** Receives what is wrong with the file; it is not fatal. */
  readonly onError: (message: string) => void;
  /** Called with the error of each write that failed, and with null once the file is up to date again. */
  readonly onTrouble: (error: unknown) => void;
}

/** The servers connected last, of those there ever were: some 1.5 MB. */
const mostKept = 10_000;

/** Time before a write that failed is tried again, in milliseconds. */
const retryMs = 1_000;

/** What the file holds. */
interface WorkedRecord {
  /** The key of the hashes, made at random for this record. */
  readonly key: string;
  /** The last specification of each server, as its hash; those connected last are at the end. */
  readonly hashes: Map<string, string>;
}

export function createWorked({ path, secrets, onError, onTrouble }: WorkedOptions): WorkedSpecifications {
  const record = path === null ? emptyRecord() : read(path, onError);
  const { key, hashes } = record;
  const file = path === null ? null : createDurableFile({ path, content: () => textOf(record), onTrouble, retryMs });
  const isAway = () => path !== null && !existsSync(path);
  return {
    has(specification) {
      const known = hashes.get(specification.name);
      return known !== undefined && known === hashOf(specification, secrets(), key);
    },
    opened(specification) {
      const { name } = specification;
      const hash = hashOf(specification, secrets(), key);
      return () => {
        const isKnown = hashes.get(name) === hash;
        hashes.delete(name);
        hashes.set(name, hash);
        for (const oldest of hashes.keys()) {
          if (hashes.size <= mostKept) break;
          hashes.delete(oldest);
        }
        // It may have been cleaned away with its folder.
        if (!isKnown || isAway()) file?.saveSoon();
      };
    },
    close: async () => file?.close(),
  };
}

function emptyRecord(): WorkedRecord {
  return { key: randomBytes(32).toString('hex'), hashes: new Map() };
}

/** The servers as pairs: in an object, names that are numbers would lose their place. */
function textOf({ key, hashes }: WorkedRecord): string {
  return `${JSON.stringify({ key, servers: [...hashes] })}\n`;
}

function read(path: string, onError: (message: string) => void): WorkedRecord {
  try {
    return recordIn(readOwnFile(path));
  } catch (error) {
    if (!isSystemError(error, 'ENOENT'))
      onError(
        `${path} is passed over: ${troubleOf(error)?.reason ?? wordsOf(error)}. Which servers have worked is found out again.`,
      );
    return emptyRecord();
  }
}

function recordIn(text: string): WorkedRecord {
  const found: unknown = JSON.parse(text);
  if (isRecord(found) && isText(found.key) && Array.isArray(found.servers)) {
    const last: readonly unknown[] = found.servers.slice(-mostKept);
    if (last.every(isPair)) return { key: found.key, hashes: new Map(last) };
  }
  throw new Error('mcpvisor did not write it');
}

/** More characters than a name has, or a hash, or a key. */
const longest = 256;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longest;
}

/** A name, and what `hashOf` returns. */
function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every(isText);
}
