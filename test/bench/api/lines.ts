/** What the figures of the API's bench mean. */

import { atLeast, atMost, type Line, type Results } from '../bench.ts';

export function judge(results: Results): readonly Line[] {
  return [
    ...readLines(results, 'one', 'one server, 16 connections', { perSecond: 8_000, p99Ms: 5 }),
    ...readLines(results, 'list', 'list of 200, 16 connections', { perSecond: 1_500, p99Ms: 25 }),
    ...callLines(results, 'call1', 'call, 1 at a time'),
    ...callLines(results, 'call32', 'call, 32 at a time'),
    ...readerLines(results),
    {
      what: 'crash → fact, reader in this process',
      measured: `${results.median('crash to fact', 'factUs').toFixed(0)} µs (worst ${results.median('crash to fact', 'worstFactUs').toFixed(0)} µs)`,
      budget: null,
    },
  ];
}

function readLines(
  results: Results,
  name: string,
  what: string,
  budget: { readonly perSecond: number; readonly p99Ms: number },
): readonly Line[] {
  const [perSecond, p99Ms] = [results.median('api', `${name} perSecond`), results.median('api', `${name} p99Ms`)];
  return [
    {
      what: `${what}: requests`,
      measured: `${perSecond.toFixed(0)} per s (bare ${results.median('bare', `${name} perSecond`).toFixed(0)})`,
      budget: atLeast(perSecond, budget.perSecond, ' per s'),
    },
    {
      what: `${what}: p99`,
      measured: `${p99Ms.toFixed(1)} ms (bare ${results.median('bare', `${name} p99Ms`).toFixed(1)} ms)`,
      budget: atMost(p99Ms, budget.p99Ms, ' ms'),
    },
    compared(results, `${what}: requests vs bare`, { figure: `${name} perSecond`, to: 'bare', unit: 'per s' }),
    compared(results, `${what}: CPU each vs bare`, { figure: `${name} cpuUs`, to: 'bare', unit: 'µs' }),
  ];
}

function callLines(results: Results, name: string, what: string): readonly Line[] {
  return ['embedded', 'bare'].flatMap((to) => [
    compared(results, `${what}: calls vs ${to}`, { figure: `${name} perSecond`, to, unit: 'per s' }),
    compared(results, `${what}: p50 vs ${to}`, { figure: `${name} p50Ms`, to, unit: 'ms' }),
    compared(results, `${what}: CPU each vs ${to}`, { figure: `${name} cpuUs`, to, unit: 'µs' }),
  ]);
}

function readerLines(results: Results): readonly Line[] {
  const of = { of: 'api readers', to: 'bare readers' };
  return [
    compared(results, '1 reader: event → fact at a client', { ...of, figure: 'oneMs', unit: 'ms' }),
    compared(results, '1 000 readers: event → fact at the first', { ...of, figure: 'firstMs', unit: 'ms' }),
    compared(results, '1 000 readers: event → fact at the last', { ...of, figure: 'lastMs', unit: 'ms' }),
    compared(results, '1 000 readers: the slowest of 30 events', { ...of, figure: 'worstLastMs', unit: 'ms' }),
    compared(results, '1 000 readers: CPU for each event and reader', { ...of, figure: 'cpuUs', unit: 'µs' }),
    compared(results, '1 000 readers: memory each, resident', { ...of, figure: 'eachKB', unit: 'kB' }),
  ];
}

interface Comparison {
  readonly figure: string;
  /** Default `api`. */
  readonly of?: string;
  readonly to: string;
  readonly unit: string;
}

/** Told for comparison only. */
function compared(results: Results, what: string, { figure, of = 'api', to, unit }: Comparison): Line {
  const values = [of, to].map((variant) => toText(results.median(variant, figure))).join(' / ');
  return { what, measured: `${results.ratio(figure, of, to).toFixed(2)} × (${values} ${unit})`, budget: null };
}

function toText(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
