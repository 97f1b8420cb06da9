/**
 * The collections in MongoDB. Everything that others wrote is kept as JSON text: their keys may hold what names of
 * fields may not. What people look for has fields of its own beside it.
 */

import type { Collection, Db } from 'mongodb';
import { isRecord } from '../../text/json.ts';
import { parseJsonText, toJsonText } from '../../text/json-text.ts';
import { StoreError } from '../error.ts';

export interface VersionDocument {
  /** The version. */
  readonly _id: number;
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly summary: string;
  /** All of it, the changes included, as JSON. */
  readonly text: string;
  /** Of the call that wrote it: whose answer was lost finds it here again. */
  readonly write: string;
}

/** The configuration as of a version; what came after it is in the versions. */
export interface SnapshotDocument {
  readonly _id: 'configuration';
  readonly version: number;
  /** As JSON, see `snapshot.ts`. */
  readonly text: string;
}

export interface ServerDocument {
  /** The name. */
  readonly _id: string;
  /** Grows from write to write: an earlier one that arrives late changes nothing. */
  readonly revision: number;
  readonly isForgotten: boolean;
  readonly wanted: 'up' | 'down' | null;
  /** As JSON. */
  readonly counters: string | null;
  readonly lists: string | null;
}

export interface FactDocument {
  /** `seq`. */
  readonly _id: number;
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly actor: string;
  /** All of it, as JSON. */
  readonly text: string;
  readonly bytes: number;
  /** Bytes of all facts before it, those included that are gone. */
  readonly offset: number;
  readonly storedAt: Date;
}

export interface LeaseDocument {
  readonly _id: 'lease';
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  /** By the clock of the database. */
  readonly expiresAt: Date;
}

export interface ClockDocument {
  readonly _id: 'clock';
  readonly at: Date;
}

export interface SchemaDocument {
  readonly _id: 'schema';
  readonly version: number;
}

export function collectionsOf(database: Db): {
  readonly versions: Collection<VersionDocument>;
  readonly snapshots: Collection<SnapshotDocument>;
  readonly servers: Collection<ServerDocument>;
  readonly facts: Collection<FactDocument>;
  readonly leases: Collection<LeaseDocument>;
  readonly clocks: Collection<ClockDocument>;
  readonly schemas: Collection<SchemaDocument>;
} {
  return {
    versions: database.collection('mcpvisor_versions'),
    snapshots: database.collection('mcpvisor_configuration'),
    servers: database.collection('mcpvisor_servers'),
    facts: database.collection('mcpvisor_journal'),
    leases: database.collection('mcpvisor_lease'),
    clocks: database.collection('mcpvisor_lease'),
    schemas: database.collection('mcpvisor_schema'),
  };
}

/** Throws `StoreError` for what JSON cannot hold, or not that deep. */
export function toText(value: object): string {
  try {
    return toJsonText(value);
  } catch {
    throw new StoreError('refused', 'It is too deep to be written as JSON.');
  }
}

/** Throws `StoreError` if it is no JSON. */
export function parseText(text: unknown, what: string): unknown {
  try {
    if (typeof text === 'string') return parseJsonText(text);
  } catch {
    // Told below, with where it is.
  }
  throw new StoreError('corrupt', `${what} in MongoDB is not what was written: it is no JSON.`);
}

/** The same for an object. */
export function parseRecord(text: unknown, what: string): Readonly<Record<string, unknown>> {
  const value = parseText(text, what);
  if (isRecord(value)) return value;
  throw new StoreError('corrupt', `${what} in MongoDB is not what was written: it is no object.`);
}
