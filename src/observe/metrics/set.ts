/** The metrics in a registry of their own, so that nothing is shared with a host that uses the same library. */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type MetricDefinition, type MetricName, metricDefinitions } from './definitions.ts';

type Labels = Readonly<Record<string, string>>;

export interface MetricSet {
  readonly contentType: string;
  text(): Promise<string>;
  /** Adds to a counter. */
  add(name: MetricName, labels: Labels, amount?: number): void;
  /** Adds a value to a histogram. */
  observe(name: MetricName, labels: Labels, value: number): void;
  /** Replaces every series of a gauge, or of a counter that is kept elsewhere. */
  replace(name: MetricName, series: readonly (readonly [Labels, number])[]): void;
  /** Removes every series with the server's name. */
  removeServer(server: string): void;
  close(): void;
}

type Metric = Gauge | Counter | Histogram;

export function createMetricSet(): MetricSet {
  const registry = new Registry();
  const metrics = new Map(
    Object.entries(metricDefinitions).map(([name, definition]) => [name, createMetric(registry, name, definition)]),
  );
  /** The series of each server, so that they can be removed: the library lists series only asynchronously. */
  const made = new Map<string, Map<string, readonly [MetricName, Labels]>>();
  const remember = (name: MetricName, labels: Labels): void => {
    if (labels.server === undefined) return;
    const own = made.get(labels.server) ?? new Map<string, readonly [MetricName, Labels]>();
    made.set(labels.server, own);
    own.set([name, ...Object.values(labels)].join('\0'), [name, labels]);
  };
  const counter = (name: MetricName): Counter | null => {
    const metric = metrics.get(name);
    return metric instanceof Counter ? metric : null;
  };
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    add(name, labels, amount = 1) {
      remember(name, labels);
      counter(name)?.inc({ ...labels }, amount);
    },
    observe(name, labels, value) {
      remember(name, labels);
      const metric = metrics.get(name);
      if (metric instanceof Histogram) metric.observe({ ...labels }, value);
    },
    replace(name, series) {
      const metric = metrics.get(name);
      if (metric === undefined || metric instanceof Histogram) return;
      metric.reset();
      for (const [labels, value] of series) metric.inc({ ...labels }, value);
    },
    removeServer(server) {
      for (const [name, labels] of made.get(server)?.values() ?? []) metrics.get(name)?.remove({ ...labels });
      made.delete(server);
    },
    close: () => registry.clear(),
  };
}

function createMetric(
  registry: Registry,
  name: string,
  { type, labels: labelNames, help, buckets }: MetricDefinition,
): Metric {
  const base = { name, help, labelNames: [...labelNames], registers: [registry] };
  if (type === 'histogram') return new Histogram({ ...base, ...(buckets && { buckets: [...buckets] }) });
  return type === 'gauge' ? new Gauge(base) : new Counter(base);
}
