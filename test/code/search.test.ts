// search_code of a served product: what ripgrep finds, counted exactly, within its budget.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ripgrepLines, STANDARD_RULES } from '../../bench/code-index/ripgrep.ts';
import { connectHttp } from '../support/official-client.ts';
import { type CodeServer, startCodeServer, type Tree } from './code-server.ts';

const TIMEOUT_MS = 60_000;

const TREE: Tree = {
  'src/app.ts': 'export function total(a: number) {\n  return a + 1; // TODO: round <here>\n}\n',
  'src/deep/er/Straße.py': 'def total(straße):\n    return "STRASSE ẞ" + straße\n',
  'src/fragments.txt':
    'if (a < b && c > d) { e("f", \'g\'); }\n<div class="x">&amp;</div>\nSELECT * FROM t WHERE a=\'b\'; --\n$x = ${y};\n\\d+\\s\n',
  'src/many.ts': Array.from({ length: 400 }, (_, at) => `const row${at} = 'needle ${at}';`).join('\n'),
  'docs/readme.md': '# Sample\n\nThe TODO list. Überall total.\n',
  '.gitignore': 'ignored/\n*.log\n!kept.log\n',
  'ignored/secret.ts': 'const total = "needle ignored";\n',
  'kept.log': 'needle kept\n',
  'other.log': 'needle other\n',
  'src/.gitignore': 'generated.ts\n',
  'src/generated.ts': 'needle generated\n',
  '.env': 'TOKEN=needle-secret\n',
  'key.pem': 'needle-secret\n',
  'build/out.ts': 'needle built\n',
  'node_modules/a/index.js': 'needle module\n',
};
/** What the pack leaves out besides the ignore files, outside version control. */
const RULES = [...STANDARD_RULES, '--glob=!build/', '--glob=!node_modules/', '--glob=!*.pem'];

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer(TREE);
}, TIMEOUT_MS);
afterAll(() => server?.close(), TIMEOUT_MS);

const places = (results: readonly { file: string; line: number }[]) =>
  results.map(({ file, line }) => ({ path: file, line }));

describe('P39: the lines of ripgrep', () => {
  const literals = [
    'total',
    'TODO',
    'needle',
    'straße',
    'STRASSE',
    'Überall',
    'a < b && c > d',
    '<div class="x">&amp;</div>',
    "a='b'; --",
    '${y}',
    '\\d+\\s',
    'no such text anywhere',
    ';',
    'a',
  ];
  const patterns = [
    'row[0-9]+ =',
    '^def \\w+',
    '\\btotal\\b',
    'needle (kept|1\\d\\d)',
    '[[:upper:]]{4}',
    '^$',
    'ß',
  ];
  test.each([
    ...literals.map((pattern) => ['literal', pattern] as const),
    ...patterns.map((pattern) => ['regex', pattern] as const),
  ])('%s %s, with and without case', async (syntax, pattern) => {
    for (const ignoreCase of [true, false]) {
      const expected = await ripgrepLines(server.root, RULES, { pattern, syntax, ignoreCase });
      const found = await server.call('search_code', {
        query: pattern,
        search_type: syntax,
        case_sensitive: !ignoreCase,
        limit: 1000,
        max_tokens: 20_000,
      });
      expect(found.total_found).toBe(expected.length);
      expect(places(found.results)).toEqual(expected.slice(0, found.results.length));
      expect(found.results.length === expected.length || found.next_cursor !== undefined).toBe(true);
    }
  });

  test('N9: ignored files, secrets and generated folders are in no answer', async () => {
    const { results } = await server.call('search_code', {
      query: 'needle',
      limit: 1000,
      max_tokens: 20_000,
    });
    const files = new Set(results.map(({ file }) => file));
    expect([...files].sort()).toEqual(['kept.log', 'src/many.ts']);
  });
});

describe('P39: the answer', () => {
  test('carries both vocabularies of a hit, its context and what to read next', async () => {
    const { results, readiness } = await server.call('search_code', {
      query: 'round <here>',
      context_lines: 1,
    });
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      file_path: 'src/app.ts',
      line_number: 2,
      content: '  return a + 1; // TODO: round <here>',
      match_type: 'text',
      match_start: 25,
      match_end: 37,
      matched_text: 'round <here>',
      context_before: [{ line_number: 1, content: 'export function total(a: number) {' }],
      context_after: [{ line_number: 3, content: '}' }],
      file: 'src/app.ts',
      line: 2,
      language: 'typescript',
      repository: 'sample',
    });
    expect(results[0]?._usage_hint).toMatch(/lines \d+-\d+ of src\/app\.ts/);
    expect(readiness).toMatchObject({ state: 'ready', ready: true, code: null });
  });

  test('N11: filters hold before the limit', async () => {
    const python = await server.call('search_code', { query: 'total', language: 'py', limit: 1 });
    expect(places(python.results)).toEqual([{ path: 'src/deep/er/Straße.py', line: 1 }]);
    const markdown = await server.call('search_code', { query: 'total', file_pattern: 'docs/**', limit: 1 });
    expect([markdown.total_found, markdown.results[0]?.file]).toEqual([1, 'docs/readme.md']);
    const both = await server.call('search_code', {
      query: 'total',
      file_pattern: 'src/**',
      language: 'markdown',
    });
    expect(both.total_found).toBe(0);
  });

  test('the structured form narrows and bounds in the same way', async () => {
    const answer = await server.call('search_code', {
      request_type: 'pattern_search',
      target: { query: 'needle', file_path: 'src/many.ts' },
      search_optimization: { language_filter: ['typescript'] },
      response_format: { max_results: 3, context_lines: 0, token_budget: 500 },
    });
    expect([answer.total_found, answer.total_results, answer.context_lines]).toEqual([400, 3, 0]);
  });

  test('pages follow each other without gap or repetition', async () => {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await server.call('search_code', {
        query: 'needle',
        file_pattern: '*.ts',
        limit: 90,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.total_found).toBe(400);
      seen.push(...page.results.map(({ line }) => line));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
  });

  test('a cursor of another query, or of another state of the code, is refused', async () => {
    const { next_cursor: cursor } = await server.call('search_code', { query: 'needle', limit: 5 });
    const other = await server.refused('search_code', { query: 'total', cursor });
    expect(other.code).toBe('invalid_cursor');
    writeFileSync(join(server.root, 'src/fresh.ts'), 'fresh_word\n');
    await expect
      .poll(async () => (await server.call('search_code', { query: 'fresh_word' })).total_found)
      .toBe(1);
    const stale = await server.refused('search_code', { query: 'needle', limit: 5, cursor });
    expect(stale.code).toBe('stale_cursor');
    rmSync(join(server.root, 'src/fresh.ts'));
    await expect
      .poll(async () => (await server.call('search_code', { query: 'fresh_word' })).total_found)
      .toBe(0);
  });

  test('the text never exceeds its budget, and what was dropped is said', async () => {
    for (const query of ['needle', 'total', 'a', 'no such text anywhere']) {
      for (const max_tokens of [100, 137, 200, 500, 1000, 8000]) {
        const { content, structuredContent } = await server.client.callTool({
          name: 'search_code',
          arguments: { query, max_tokens, limit: 300, context_lines: 3 },
        });
        const text = content.map((item) => (item.type === 'text' ? item.text : '')).join('');
        expect([query, max_tokens, text.length <= 4 * max_tokens]).toEqual([query, max_tokens, true]);
        const { results, request_metadata: metadata, total_found, next_cursor } = structuredContent as never;
        const dropped = (metadata as { dropped: number }).dropped;
        expect((results as unknown[]).length + dropped).toBe(Math.min(300, total_found));
        expect(next_cursor !== undefined).toBe((results as unknown[]).length < total_found);
      }
    }
  });

  test('N3: what cannot be searched in linear time is refused by name', async () => {
    for (const [query, said] of [
      ['(?=a)b', 'look'],
      ['(a)\\1', 'reference'],
      ['(', ''],
    ] as const) {
      const { code, error } = await server.refused('search_code', { query, search_type: 'regex' });
      expect(['invalid_pattern', 'unsupported_pattern']).toContain(code);
      expect(error.toLowerCase()).toContain(said);
    }
    const hostile = await server.call('search_code', { query: '(a+)+$', search_type: 'regex', limit: 1 });
    expect(hostile.complete).toBe(true);
  });

  test('N4: a semantic search is refused with its state, and contradictions are named', async () => {
    const semantic = await server.refused('search_code', { query: 'how totals are made', semantic: true });
    expect([semantic.code, semantic.semantic_state]).toEqual([
      'semantic_not_ready',
      'enrichment_unavailable',
    ]);
    const contradiction = await server.refused('search_code', {
      query: 'a',
      semantic: true,
      search_type: 'regex',
    });
    expect(contradiction.code).toBe('invalid_arguments');
    const twice = await server.refused('search_code', { query: 'a', limit: 3, max_results: 4 });
    expect(twice.code).toBe('invalid_arguments');
  });
});

test('P39: the tools are on the server that names the pack too, and the other name of a tool calls it', async () => {
  const client = await connectHttp({ url: server.product.url }, 'legacy');
  try {
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toContain('search_code');
    expect(names).not.toContain('reindex');
    for (const { inputSchema, outputSchema, annotations } of tools) {
      expect(Object.keys(inputSchema)).toContain('properties');
      expect(outputSchema).toBeDefined();
      expect(annotations?.readOnlyHint).toBeTypeOf('boolean');
    }
    const answer = await client.callTool({ name: 'reindex', arguments: { path: 'src' } });
    expect(answer.structuredContent).toMatchObject({
      repository: 'sample',
      path: 'src',
      mutation_performed: true,
    });
  } finally {
    await client.close();
  }
});
