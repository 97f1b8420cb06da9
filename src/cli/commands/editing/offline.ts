/** Whether an edit goes through a control plane, or straight into the file because none runs. */

import { isMcpvisorError } from '../../../errors.ts';
import { type Connection, type ConnectionFlags, connect } from '../../connection.ts';
import type { Invocation } from '../../invocation.ts';

export interface FileFlags {
  /** The file to edit where no control plane runs. */
  readonly config?: string;
}

/**
 * Null: no control plane runs here, and the file can be edited without one. Throws what `connect` throws otherwise: one
 * that was named by its URL has its file elsewhere, and a store is only its own.
 */
export async function connectedOrNot(
  flags: ConnectionFlags,
  invocation: Invocation,
  { needsStore }: { readonly needsStore: boolean },
): Promise<Connection | null> {
  try {
    return await connect(flags, invocation);
  } catch (error) {
    const isAbsent = isMcpvisorError(error, 'NOT_RUNNING') && error.details.url === null;
    if (isAbsent && !needsStore) return null;
    throw error;
  }
}
