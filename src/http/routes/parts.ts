/** What routes are made of: the supervisor's face, and what a door hands over beside it. */

import type { Supervisor } from '../../supervisor/contract.ts';

/** In Prometheus' text format. */
export interface Figures {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface RouteParts {
  readonly supervisor: Supervisor;
  /** The wall clock in milliseconds. */
  readonly now: () => number;
  /** What has counted so far; null: nobody counts. */
  readonly metrics: (() => Figures | Promise<Figures>) | null;
  /** A comment line this often tells readers of a stream that it lives, in milliseconds. */
  readonly heartbeatMs: number;
  /** Told of every error that is a bug: its caller learns nothing of it. */
  readonly report: (error: unknown) => void;
}
