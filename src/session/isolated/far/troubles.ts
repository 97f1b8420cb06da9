/** What troubles the client process, for the control plane that is there now and for those that come later. */

import { systemCodeOf } from '../../../system-error.ts';
import { wordsOf } from '../../../text/error-words.ts';
import type { SessionsOptions } from '../../sessions.ts';
import type { Trouble } from '../protocol.ts';

export class Troubles {
  readonly #tell: (trouble: Trouble) => void;
  /** The last word of each trouble that stands until it is over: a control plane that comes later knows of none. */
  readonly #standing = new Map<Trouble['of'], Trouble>([
    ['record', { of: 'record', ...told(null) }],
    ['guard', { of: 'guard', ...told(null) }],
  ]);

  constructor(tell: (trouble: Trouble) => void) {
    this.#tell = tell;
  }

  tell(trouble: Trouble): void {
    if (this.#standing.has(trouble.of)) this.#standing.set(trouble.of, trouble);
    this.#tell(trouble);
  }

  /** To a control plane that has just come. */
  retell(): void {
    for (const trouble of this.#standing.values()) this.#tell(trouble);
  }

  /** How sessions tell theirs. */
  get listeners() {
    return {
      onError: (message) => this.tell({ of: 'error', message }),
      onStray: (news) => this.tell({ of: 'stray', news }),
      onRecordTrouble: (error) => this.tell({ of: 'record', ...told(error) }),
      onGuardTrouble: (reason) => this.tell({ of: 'guard', reason, code: null }),
      onSocketRefused: (error) => this.tell({ of: 'socket', reason: wordsOf(error), code: systemCodeOf(error) }),
      onRefused: (server, bound) => this.tell({ of: 'refused', server, bound }),
    } satisfies Partial<SessionsOptions>;
  }
}

function told(error: unknown): { readonly reason: string | null; readonly code: string | null } {
  return error === null ? { reason: null, code: null } : { reason: wordsOf(error), code: systemCodeOf(error) };
}
