// Whatever stands in a document, loading it ends in definitions or in problems with places, never in a crash.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { LoadOutcome } from '../../src/definition/load.ts';
import { outcomeOf } from './load-fixture.ts';

const rich = {
  name: 'rich',
  version: '1.0.0',
  databases: { main: { url: 'sqlite:./a.db' } },
  models: { large: { baseUrl: 'https://example.com/v1', model: 'm', apiKey: 'k' } },
  upstreams: { files: { command: 'npx', args: ['a'], env: { A: 'b' }, breaker: { failures: 1 } } },
  packs: ['code'],
  tools: {
    query: {
      description: 'Q.',
      input: { a: 'string', 'b?': ['x', 'y'] },
      sql: 'SELECT :a, :b',
      database: 'main',
    },
    fetch: {
      description: 'F.',
      inputSchema: {
        type: 'object',
        properties: { a: { type: 'string', 'x-mcp-header': 'A' } },
        required: ['a'],
      },
      handler: {
        type: 'http',
        url: 'https://example.com/${args.a}',
        headers: { h: '${B:-c}' },
        body: { a: ['${args.a}'] },
      },
      annotations: { readOnlyHint: true },
      cache: { ttl: 1 },
      examples: [{ input: { a: 'x' } }],
      environments: { production: { timeout: 5 }, staging: false },
    },
    remote: { description: 'R.', input: {}, upstream: 'files/read' },
  },
  prompts: [{ name: 'ask', arguments: [{ name: 'a' }], messages: [{ role: 'user', content: 'Hi {{a}}' }] }],
  resources: { guide: { uri: 'docs://a', content: { a: 1 } } },
  resourceTemplates: [{ uriTemplate: 'docs://{a}', name: 'a', handler: 'https://example.com' }],
  security: {
    authentication: {
      apiKeys: [
        { name: 'a', key: 'a-key-that-is-long-enough', expiresAt: '2030-01-01', allowedIps: ['::1'] },
      ],
    },
    permissions: { inheritance: { 'admin:a': ['tools:query'] }, deny: ['!tools:fetch'] },
    rateLimit: { perTool: { query: { maxRequests: 1 } }, global: { maxRequests: 2 } },
    trustProxy: ['10.0.0.0/8'],
  },
  caching: { tools: { query: { ttl: 1 } } },
  performance: { caching: { ttl: 1 }, compression: { level: 1 } },
  env: { allow: ['B'], deny: ['C'] },
  environments: { production: { port: 1, tools: { query: { title: 'Q' } } } },
};
const examples: unknown[] = readdirSync('test/definition/broken').flatMap((name) => {
  if (name === 'yaml-syntax.yaml' || name === 'alias-without-anchor.yaml' || name === 'duplicate-key.yaml')
    return [];
  return [parse(readFileSync(join('test/definition/broken', name), 'utf8')) as unknown];
});

type Step = string | number;

function pathsOf(value: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const steps: [Step, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...steps.flatMap(([step, inner]) => pathsOf(inner, [...path, step]))];
}

function replaceAt(value: unknown, path: readonly Step[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item, index) => (index === step ? replaceAt(item, rest, replacement) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === step ? replaceAt(item, rest, replacement) : item,
    ]),
  );
}

function check(outcome: LoadOutcome, lines: number): void {
  expect(outcome.definitions.length > 0).toBe(outcome.errors.length === 0);
  for (const { line, column, fix, message } of [...outcome.errors, ...outcome.warnings]) {
    expect(line >= 1 && line <= lines && column >= 1 && fix !== '' && message !== '').toBe(true);
  }
}

const replacement = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    '',
    ' ',
    'x',
    '${',
    '${A}',
    '${args.a}',
    '{{a}}',
    [],
    {},
    [null],
    [[]],
    { a: null },
  ),
  fc.constantFrom<unknown>(
    '__proto__',
    'constructor',
    { __proto__: null },
    { type: 'sql' },
    { type: 'toString' },
    { name: {} },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

test.each([
  ['a rich definition', [rich]],
  ['the broken definitions', examples],
])(
  'P08: one part of %s replaced by anything',
  (_, documents) => {
    const targets = documents.flatMap((document) => pathsOf(document).map((path) => ({ document, path })));
    fc.assert(
      fc.property(
        fc.constantFrom(...targets),
        replacement,
        fc.constantFrom('serve', 'validate'),
        (target, value, purpose) => {
          const text = JSON.stringify(replaceAt(target.document, target.path, value), null, 1);
          check(outcomeOf(text, { purpose }, 'test/definition/any.json'), text.split('\n').length);
        },
      ),
      { numRuns: 300 },
    );
  },
  60_000,
);

test('P08: any text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]:,-&*!|>#\'"\n  abc?%@`<='), maxLength: 40 }),
      (text) => {
        for (const extension of ['yaml', 'jsonc']) {
          check(outcomeOf(text, {}, `test/definition/any.${extension}`), text.split('\n').length + 1);
        }
      },
    ),
    { numRuns: 300 },
  );
});
