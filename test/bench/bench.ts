/**
 * What a bench is: variants that are measured each in a process of its own, and what their figures mean against a
 * budget.
 */

/** By name; the unit is in the name. */
export type Figures = Readonly<Record<string, number>>;

export interface Line {
  readonly what: string;
  readonly measured: string;
  /** Null: told for comparison only. */
  readonly budget: { readonly text: string; readonly isMet: boolean } | null;
}

export interface Bench {
  readonly about: string;
  /** Default of `--rounds`. */
  readonly rounds: number;
  /** Measures, cleans up, and gives figures. Imports are over when it is called. */
  readonly variants: Readonly<Record<string, () => Promise<Figures>>>;
  /** Runs only where it is named: it takes long, or much memory. Default false. */
  readonly isOnDemand?: boolean;
  readonly judge: (results: Results) => readonly Line[];
}

/** The figures of all rounds. */
export interface Results {
  /** Median over the rounds. */
  median(variant: string, figure: string): number;
  /** Median of the rounds' ratios, each of two variants measured within seconds of each other. */
  ratio(figure: string, variant: string, to: string): number;
  /** Median of the rounds' differences. */
  difference(figure: string, variant: string, to: string): number;
}

export function createResults(rounds: readonly Readonly<Record<string, Figures>>[]): Results {
  const figureOf = (round: Readonly<Record<string, Figures>>, variant: string, figure: string): number => {
    const value = round[variant]?.[figure];
    if (value === undefined) throw new Error(`variant "${variant}" gave no figure "${figure}"`);
    return value;
  };
  return {
    median: (variant, figure) => medianOf(rounds.map((round) => figureOf(round, variant, figure))),
    ratio: (figure, variant, to) =>
      medianOf(rounds.map((round) => figureOf(round, variant, figure) / figureOf(round, to, figure))),
    difference: (figure, variant, to) =>
      medianOf(rounds.map((round) => figureOf(round, variant, figure) - figureOf(round, to, figure))),
  };
}

function quantileOf(numbers: Iterable<number>, quantile: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;
}

export function p99Of(numbers: Iterable<number>): number {
  return quantileOf(numbers, 0.99);
}

export function medianOf(numbers: Iterable<number>): number {
  return quantileOf(numbers, 0.5);
}

export function atMost(value: number, limit: number, unit: string): Line['budget'] {
  return { text: `≤ ${limit}${unit}`, isMet: value <= limit };
}

export function atLeast(value: number, limit: number, unit: string): Line['budget'] {
  return { text: `≥ ${limit}${unit}`, isMet: value >= limit };
}
