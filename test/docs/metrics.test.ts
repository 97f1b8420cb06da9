import { describe, expect, it } from 'vitest';
import { type MetricDefinition, metricDefinitions } from '../../src/observe/metrics/definitions.ts';
import { generatedPart, readDocument, toCell } from '../support/markdown.ts';

function rowOf([name, { type, labels, help }]: readonly [string, MetricDefinition]): string {
  const cells = [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(' '), toCell(help)];
  return `| ${cells.join(' | ')} |\n`;
}

describe('the page of metrics', () => {
  it('has those of the code, with their labels and meaning (BLESS=1 writes them)', () => {
    const fresh = `\n| name | type | labels | meaning |\n|---|---|---|---|\n${Object.entries(metricDefinitions).map(rowOf).join('')}\n`;
    expect(generatedPart('docs/metrics.md', 'metrics', fresh)).toBe(fresh);
  });

  it('names none that is not there', () => {
    const names = [...readDocument('docs/metrics.md').matchAll(/mcpvisor_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ''),
    );
    expect(names.filter((name) => !Object.hasOwn(metricDefinitions, name))).toEqual([]);
  });

  it('has units in the names, as the field has them', () => {
    for (const [name, { type }] of Object.entries(metricDefinitions)) {
      expect(name).toMatch(/^mcpvisor_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });
});
