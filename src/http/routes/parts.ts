/** What routes are built from: the supervisor, and what the door adds to it. */

import type { Supervisor } from '../../supervisor/contract.ts';

/** Metrics in Prometheus' text format. */
export interface Figures {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface RouteParts {
  readonly supervisor: Supervisor;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** Null: there are no metrics. */
  readonly metrics: (() => Figures | Promise<Figures>) | null;
  /** Interval of the comment line that shows a stream is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /** Called with every error that is a bug; the caller of the API does not see it. */
  readonly onError: (error: unknown) => void;
}
