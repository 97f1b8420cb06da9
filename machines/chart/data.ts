/** Charts and their edges as data, as types: they need none of XState's. */

interface EdgeName {
  /** Path of the state that has the edge: `connected.quiet`; empty: the root, whose edges apply in every state. */
  readonly source: string;
  /** `server.stop`, `after retry`, `done reap`, `error reap`, `error of an actor` (of any), `always`. */
  readonly event: string;
  /** `isSpent`, `not(isSpent)`; `inline`: a function without a name. */
  readonly guard: string | null;
}

/** An edge that was taken: the exact transition, not a guess from the states before and after. */
export interface Edge extends EdgeName {
  /** Paths of the target states; empty: the transition stays in its state. */
  readonly targets: readonly string[];
}

/** An edge in the definition of a chart. Charts have no parallel states: an edge has one target at most. */
export interface ChartEdge extends EdgeName {
  /** Path of the target state; null: the transition stays in its state. */
  readonly target: string | null;
}

/** One state of a chart. */
export interface ChartState {
  /** Dotted path from the root; empty: the root, whose edges apply in every state. */
  readonly path: string;
  /** Path of its parent state; null: it is the root. */
  readonly parent: string | null;
  /** Path of the child state that is entered first; null: it has no child states. */
  readonly initial: string | null;
  /** What is true in this state, in a sentence; null: its name says it. */
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly edges: readonly ChartEdge[];
}

/** A chart: `server`, `group` or `supervisor`. */
export interface ChartDefinition {
  readonly id: string;
  /** Each state comes after its parent. */
  readonly states: readonly ChartState[];
}
