// The page on metrics says what is emitted: no name more, no name less.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, type MetricDefinition } from '../../src/telemetry/metrics/catalogue.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics-mapping.md'), 'utf8');
const metrics: readonly MetricDefinition[] = Object.values(catalogue);

test('every metric stands in the table with its type and labels', () => {
  const [, table = ''] = page.split('## What is emitted');
  const rows = [...(table.split('## ')[0] ?? '').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]+) \|/gm)];
  const stated = rows.map(([, name, type, labels]) => `${name} ${type} ${labels?.trim()}`);
  expect(stated).toEqual(metrics.map(({ name, type, labels }) => `${name} ${type} ${labels.join(', ')}`));
});

test('no query asks for a metric of ours that is not emitted', () => {
  const known = new Set(
    metrics.flatMap(({ name, type }) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  const [, ours = ''] = page.split('## Usual questions');
  const mapped = [...page.matchAll(/^\|[^|]+\|([^|]+)\|$/gm)].map(([, right]) => right).join(' ');
  const named = [...`${ours} ${mapped}`.matchAll(/\b(?:mcp|quayside)_[a-z_]+/g)].map(([name]) => name);
  // `mcp_method_name` is a label.
  expect(named.filter((name) => !known.has(name) && name !== 'mcp_method_name')).toEqual([]);
  expect(named.length).toBeGreaterThan(10);
});
