/** The configuration file as a source that edits may be written to. */

import { type FileEdit, writeBack } from '../../config/editing/write-back.ts';
import { replaceConfigFile } from '../../config/file/replace.ts';
import { McpvisorError } from '../../errors.ts';

export interface ConfigurationFile {
  /**
   * Writes the edits; `confirm` is called once nothing else is in the way, and its answer no leaves the file as it is.
   * Resolves to that answer. Throws `CONFIG_READ_ONLY`, `CONFIG_INVALID`, and what `confirm` throws.
   */
  write(edits: readonly FileEdit[], confirm: () => Promise<boolean>): Promise<boolean>;
  /** Whether this text is one that `write` puts into the file: no edit by hand. */
  isOwn(text: string): boolean;
  /** An edit by hand is in force. */
  accepted(text: string): void;
  /** What the file says now is not in force. */
  rejected(reason: string): void;
  /** Throws `CONFIG_READ_ONLY` while what the file says is not in force: which names it has is not known then. */
  requireInForce(): void;
}

const none = 'there is none, and mcpvisor was started without one';

/** `path` null: there is no file. `text`: what was read of it. */
export function createConfigurationFile(path: string | null, text: string): ConfigurationFile {
  let known = text;
  let own: string | null = null;
  let trouble: string | null = null;
  return {
    async write(edits, confirm) {
      if (path === null) throw new McpvisorError('CONFIG_READ_ONLY', { file: 'mcp.json', reason: none });
      const written = writeBack(known, edits);
      if (written.text === null) throw new McpvisorError('CONFIG_INVALID', { file: path, problems: written.problems });
      const before = own;
      // Its watcher may see it before this returns.
      own = written.text;
      try {
        const isWritten = await replaceConfigFile(path, { known, text: written.text, confirm });
        if (isWritten) known = written.text;
        else own = before;
        return isWritten;
      } catch (error) {
        own = before;
        throw error;
      }
    },
    isOwn: (found) => found === own,
    accepted(found) {
      known = found;
      own = null;
      trouble = null;
    },
    rejected(reason) {
      own = null;
      trouble = reason;
    },
    requireInForce() {
      if (path !== null && trouble !== null)
        throw new McpvisorError('CONFIG_READ_ONLY', {
          file: path,
          reason: `what it says now is not in force: ${trouble}`,
        });
    },
  };
}
