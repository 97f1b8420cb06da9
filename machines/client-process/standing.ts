/** What the client process means to servers, as it reports it to the root. */

/** `up`: it holds sessions; `coming`: it will without a person; `failed`: not without one; `down`: not wanted. */
export type ClientStanding = 'up' | 'coming' | 'failed' | 'down';

/** What the root knows of it. */
export interface ClientState {
  readonly standing: ClientStanding;
  /** When it is tried again, in milliseconds; null: no delay is running. */
  readonly nextRetryAt: number | null;
  /** It was lost again and again: servers are to be started one at a time. */
  readonly isCareful: boolean;
}
