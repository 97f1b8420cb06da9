/** What routes are built from: the supervisor, and what the door adds to it. */

import type { TimerClock } from '../../clock.ts';
import type { Supervisor } from '../../supervisor/contract.ts';

/** Metrics in Prometheus' text format. */
export interface Figures {
  readonly contentType: string;
  text(): Promise<string>;
}

/** How clients prove who they are, as the OpenAPI document says it. */
export interface DocumentedSecurity {
  /** Security requirements; any one of them is enough. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** Security schemes by name. */
  readonly securitySchemes: Readonly<Record<string, object>>;
}

export interface RouteParts {
  readonly supervisor: Supervisor;
  readonly security: DocumentedSecurity;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  readonly timers: TimerClock;
  /** Null: there are no metrics. */
  readonly metrics: (() => Figures | Promise<Figures>) | null;
  /** Interval of the comment line that shows a stream is alive, in milliseconds. */
  readonly heartbeatMs: number;
  /** Called with every error that is a bug; the caller of the API does not see it. */
  readonly onError: (error: unknown) => void;
}
