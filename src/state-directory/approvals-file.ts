/** `approvals.json`: the specifications that a person with a shell on this machine has approved, by their hash. */

import { join } from 'node:path';
import { isRecord } from '../text/json.ts';
import { editShared } from './shared-file.ts';
import { readStateFile, type StateFile } from './state-file.ts';

/** What was approved, as it was shown to the person. */
export interface Approved {
  readonly server: string;
  readonly commandLine: string;
  /** UTC, ISO 8601. */
  readonly approvedAt: string;
}

export function approvalsPath(stateDir: string): string {
  return join(stateDir, 'approvals.json');
}

/** By hash. Does not throw, and follows no link. */
export function readApprovals(stateDir: string): StateFile<ReadonlyMap<string, Approved>> {
  return readStateFile(approvalsPath(stateDir), parse, 'mcpvisor did not write it');
}

/**
 * Resolves when it is on disk. What cannot be read is replaced: it approved nothing. Rejects with
 * `STATE_DIRECTORY_UNUSABLE`.
 */
export async function addApproval(stateDir: string, hash: string, approved: Approved): Promise<void> {
  await editShared({
    stateDir,
    path: approvalsPath(stateDir),
    textNow: () => textOf(new Map([...(readApprovals(stateDir).value ?? []), [hash, approved]])),
  });
}

function textOf(approved: ReadonlyMap<string, Approved>): string {
  return `${JSON.stringify({ approved: [...approved].map(([hash, one]) => ({ hash, ...one })) }, null, 2)}\n`;
}

const hashPattern = /^sha256:[0-9a-f]{64}$/;

/** All or nothing: a file of which a part is strange is not one that we wrote. */
function parse(text: string): ReadonlyMap<string, Approved> | null {
  const found = parsed(text);
  if (!isRecord(found) || !Array.isArray(found.approved)) return null;
  const listed: readonly unknown[] = found.approved;
  const approved = listed.flatMap((one) => pairOf(one) ?? []);
  return approved.length === listed.length ? new Map(approved.map(({ hash, ...rest }) => [hash, rest])) : null;
}

function pairOf(value: unknown): (Approved & { readonly hash: string }) | null {
  if (!isRecord(value)) return null;
  const { hash, server, commandLine, approvedAt } = value;
  if (typeof hash !== 'string' || !hashPattern.test(hash) || typeof server !== 'string') return null;
  if (typeof commandLine !== 'string' || typeof approvedAt !== 'string') return null;
  return { hash, server, commandLine, approvedAt };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller tells that the file says nothing.
    return null;
  }
}
