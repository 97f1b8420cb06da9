/** What the states of the client process mean to other code: their tags. */

export type ClientProcessTag =
  /** What is left of it survives SIGKILL, or cannot be reached. */
  | 'stuck'
  /** It is as far as it comes by itself, for now: a boot need not wait any longer. */
  | 'settled';
