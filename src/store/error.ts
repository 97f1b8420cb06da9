/** Why a store did not do what it was asked for. */

/**
 * `unavailable`: it cannot be reached or written now, and may be later; the call may have been carried out.
 * `corrupt`: what it holds is not what was written. `refused`: it never takes this. `in-use`: another process has it
 * open, and no other may.
 */
export type StoreTrouble = 'unavailable' | 'corrupt' | 'refused' | 'in-use';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly trouble: StoreTrouble;

  /** `message`: what happened, in words and without credentials. */
  constructor(trouble: StoreTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}
