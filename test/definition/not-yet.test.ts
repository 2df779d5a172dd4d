// Keys without a runtime: warned of, left out or refused, never silently ignored.
import { describe, expect, test } from 'vitest';
import { notYet } from '../../src/definition/not-yet.ts';
import { outcomeOf } from './load-fixture.ts';

const tool = (more: string) =>
  `tools:\n  find:\n    description: Finds.\n    input: {}\n${more.replaceAll(/^/gm, '    ')}\n`;
const http = 'handler: { type: http, url: "https://example.com/a" }';
const database = 'databases:\n  main: { url: "sqlite:./a.db" }\n';
const resource = (handler: string) => `resources:\n  one: { uri: "docs://a", handler: ${handler} }\n`;
const prompt = (handler: string) => `prompts:\n  one: { handler: ${handler} }\n`;
const template = (handler: string) =>
  `resourceTemplates:\n  - { uriTemplate: "docs://{a}", name: a, handler: ${handler} }\n`;

const handled = (handler: string) => tool(`handler: ${handler}`);
const reconciled = (handler: string) => tool(`${http}\nidempotency: { reconcile: ${handler} }`);

/** One text per row of the table, in its order. */
const texts: readonly string[] = [
  'packs: [sql]',
  'packs: [jira]',
  'packs: [knowledge]',
  'knowledge: [docs]',
  'sqlTemplates: { a: {} }',
  'databases: { main: { url: "sqlite:./a.db", mode: write } }',
  'databases: { main: { url: "sqlite:./a.db", tenancy: column } }',
  'security: { inspection: warn }',
  'security: { inspection: block }',
  ...[handled, prompt, resource, template].map((wrap) =>
    wrap('{ type: prompt, template: Hello, context: { collection: docs } }'),
  ),
  ...[handled, prompt, resource, template, reconciled].flatMap((wrap) => {
    return [
      wrap('"sql:lead_time_metrics"'),
      database + wrap('{ type: sql, statement: SELECT 1, mode: write }'),
    ];
  }),
];

test('P78: every row of the table has a text', () => {
  expect(texts).toHaveLength(notYet.length);
});

describe.each(notYet.map((row, index) => ({ ...row, text: texts[index] ?? '' })))(
  'P78: $path ($effect)',
  (row) => {
    const text = `name: shop\nversion: 1.0.0\n${row.text}\n`;
    const isIt = ({ rule, message }: { rule: string; message: string }) =>
      rule === 'not-yet' && message.startsWith(row.what);

    test('is said when it is served, and refused where it protects', () => {
      const { errors, warnings, definitions } = outcomeOf(text);
      expect(errors.filter((problem) => !isIt(problem))).toEqual([]);
      expect(errors.length > 0).toBe(row.effect === 'protective');
      expect([...errors, ...warnings].some(isIt)).toBe(true);
      if (row.effect !== 'omits') return;
      const [served] = definitions;
      expect([
        served?.definition.tools,
        served?.definition.prompts,
        served?.definition.resources,
        served?.definition.resourceTemplates,
      ]).toEqual([[], [], [], []]);
    });

    test('is a warning when it is validated', () => {
      const { errors, warnings } = outcomeOf(text, { purpose: 'validate' });
      expect(errors).toEqual([]);
      expect(warnings.some(isIt)).toBe(true);
    });
  },
);

test('P78: what is off or empty is not mentioned', () => {
  const { errors, warnings } = outcomeOf(`name: shop
version: 1.0.0
packs: []
upstreams: {}
caching: { enabled: false }
security: { audit: { enabled: false }, inspection: "off" }
${tool(`${http}\ncache: { enabled: false }\nidempotency: { mode: none }\napproval: { required: false }`)}`);
  expect([...errors, ...warnings]).toEqual([]);
});

test('places stay right after entries are left out', () => {
  const { definitions } = outcomeOf(`name: shop
version: 1.0.0
tools:
  ask: { description: A., input: {}, handler: "sql:lead_time_metrics" }
  web: { description: W., input: {}, http: GET https://example.com/a }
`);
  expect(definitions[0]?.definition.tools.map(({ name }) => name)).toEqual(['web']);
  expect(definitions[0]?.locate('/tools/0/description')).toEqual({ line: 5, column: 23 });
});
