/**
 * Which specifications wait for a person: those that came through the API and would run something. A person with a shell
 * on the machine approves them, or the configuration file does.
 */

import { join } from 'node:path';
import type { Approval } from '../../../machines/policy/policy.ts';
import { expandableTexts } from '../../config/entries/expandable-texts.ts';
import { hasExpression } from '../../config/expand/expression.ts';
import { watchConfig } from '../../config/file/watch.ts';
import { McpvisorError } from '../../errors.ts';
import { toShellWord } from '../../names.ts';
import type { ServerSpecification } from '../../specification.ts';
import { approvalsPath, readApprovals } from '../../state-directory/approvals-file.ts';
import { readStateFile } from '../../state-directory/state-file.ts';
import { wordsOf } from '../../text/error-words.ts';
import type { EntrySource } from '../contract/configuration.ts';
import { createMarks, type Mark, marksName, parseMarks } from './marks.ts';
import { approvalHashOf, commandLineOf, type RunSpecification } from './what-runs.ts';

export interface Approvals {
  /** Null: it may run. */
  pendingOf(specification: ServerSpecification, source: EntrySource): Approval | null;
  /**
   * An edit through the API is about to make this an entry of the file or of the host, in the place of `inForce`: it
   * waits unless it is approved. Resolves when that is on disk. Rejects with `STATE_DIRECTORY_UNUSABLE`.
   */
  madeByApi(specification: ServerSpecification, inForce: ServerSpecification | null): Promise<void>;
  /** Called when other specifications are approved than before. Returns what ends that. */
  onChanged(listener: () => void): () => void;
  close(): void;
}

export interface ApprovalsOptions {
  /** Null: nothing is approved but by the configuration. */
  readonly stateDir: string | null;
  /** What `mcpvisor.approved` says. */
  readonly approvedInConfiguration: () => readonly string[];
  /** Whether what comes through the API runs without being approved. */
  readonly trustsApi: boolean;
  /** Receives what is wrong with a file; null: it is in order again. */
  readonly onFlaw: (path: string, flaw: string | null) => void;
  readonly onError: (error: unknown) => void;
}

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { stateDir, approvedInConfiguration, trustsApi, onFlaw, onError } = options;
  const listeners = new Set<() => void>();
  const watching = new AbortController();
  const marks = createMarks(stateDir, stateDir === null ? new Map() : knownMarks(stateDir, onFlaw));
  let approved = read();
  if (stateDir !== null) watchConfig(approvalsPath(stateDir), refresh, { signal: watching.signal, text: '', onError });

  function read(): ReadonlySet<string> {
    if (stateDir === null) return new Set();
    const { value, flaw } = readApprovals(stateDir);
    onFlaw(approvalsPath(stateDir), flaw);
    return new Set(value?.keys());
  }

  function refresh(): void {
    const before = approved;
    approved = read();
    if (before.size === approved.size && [...approved].every((hash) => before.has(hash))) return;
    for (const listener of listeners) listener();
  }

  function clearedBy(server: string, hash: string): string {
    return stateDir === null ? `mcpvisor.approved: ["${hash}"]` : `mcpvisor approve ${toShellWord(server)}`;
  }

  function isEdited(specification: RunSpecification): boolean {
    const mark = marks.get(specification.name);
    return mark?.edited.includes(approvalHashOf(specification)) === true;
  }

  return {
    pendingOf(specification, source) {
      if (trustsApi || !isOurs(specification)) return null;
      if (source === 'store' ? !runsSomething(specification) : !isEdited(specification)) return null;
      const hash = approvalHashOf(specification);
      if (approved.has(hash) || approvedInConfiguration().includes(hash)) return null;
      return { hash, commandLine: commandLineOf(specification), clearedBy: clearedBy(specification.name, hash) };
    },
    async madeByApi(specification, inForce) {
      if (!isOurs(specification)) return;
      const former = inForce !== null && isOurs(inForce) ? approvalHashOf(inForce) : null;
      const hash = approvalHashOf(specification);
      // What a person wrote stays theirs, when an edit is about something else of the entry.
      if (hash === former) return;
      await marks.add(specification.name, hash, former).catch((cause: unknown) => {
        throw new McpvisorError(
          'STATE_DIRECTORY_UNUSABLE',
          { stateDir: stateDir ?? '', reason: wordsOf(cause) },
          { cause },
        );
      });
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      watching.abort();
      listeners.clear();
    },
  };
}

function isOurs(specification: ServerSpecification): specification is RunSpecification {
  return typeof specification.transport === 'string';
}

/** A process of ours, or a connection that is given something of this machine. */
function runsSomething(specification: RunSpecification): boolean {
  return specification.transport === 'stdio' || expandableTexts(specification).some(({ text }) => hasExpression(text));
}

function knownMarks(stateDir: string, onFlaw: ApprovalsOptions['onFlaw']): ReadonlyMap<string, Mark> {
  const path = join(stateDir, marksName);
  const { value, flaw } = readStateFile(path, parseMarks, 'mcpvisor did not write it');
  onFlaw(path, flaw);
  return value ?? new Map();
}
