// Finding the same thing in code of other languages, and what to mind when it is written in one's own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { translatable } from '../../src/packs/code/translation/constructs.ts';
import { errorPatterns, translationHints } from '../../src/packs/code/translation/hints.ts';
import { type CodeServer, startCodeServer, writeTree } from './code-server.ts';
import { CONCEPTS, GO_SHOP, PYTHON_SHOP, RUST_SHOP } from './three-shops.ts';

let server: CodeServer;
let samples: string;

beforeAll(async () => {
  samples = mkdtempSync(join(tmpdir(), 'quayside-samples-'));
  writeTree(join(samples, 'go-shop'), GO_SHOP);
  writeTree(join(samples, 'rust-shop'), RUST_SHOP);
  server = await startCodeServer(PYTHON_SHOP, { options: `references: { roots: ["${samples}"] }` });
  for (const name of ['go-shop', 'rust-shop'])
    await server.call('add_reference_repository', { path: join(samples, name) });
  for (const repository of ['go-shop', 'rust-shop'])
    await vi.waitFor(
      async () => {
        const answer = await ask('search_code', { query: 'create order', search_type: 'hybrid', repository });
        expect(answer).toHaveProperty('complete', true);
      },
      { timeout: 20_000 },
    );
}, 60_000);
afterAll(async () => {
  await server?.close();
  rmSync(samples, { recursive: true, force: true });
});

type Found = ReturnType<typeof JSON.parse>;

/** The structured content, refused or not. */
async function ask(name: string, args: Readonly<Record<string, unknown>>): Promise<Found> {
  return (await server.client.callTool({ name, arguments: args })).structuredContent;
}

test('P43 C2: twenty labelled concepts in three languages, recall@5 of each at least 0.8', async () => {
  const missed: string[] = [];
  let found = 0;
  for (const { question, ...names } of CONCEPTS) {
    const { results_by_repository: groups } = await ask('search_code', {
      query: question,
      search_type: 'hybrid',
      limit: 5,
      repository_filter: { group_by_repository: true },
    });
    for (const [language, repository] of [
      ['python', 'sample'],
      ['go', 'go-shop'],
      ['rust', 'rust-shop'],
    ] as const) {
      const rows: readonly Found[] = groups[repository] ?? [];
      expect(rows.length).toBeLessThanOrEqual(5);
      if (rows.some((row) => row.function === names[language])) found++;
      else
        missed.push(`${question}: ${names[language]} not in ${rows.map((row) => row.function).join(', ')}`);
    }
  }
  expect([found / (3 * CONCEPTS.length) >= 0.8, missed.length <= 12 ? [] : missed]).toEqual([true, []]);
});

test('P43: similarity falls from row to row, and what only shares a verb comes after what shares the thing', async () => {
  const { results_by_repository: groups } = await ask('search_code', {
    query: 'delete customer',
    search_type: 'hybrid',
    limit: 20,
    repository_filter: { group_by_repository: true },
  });
  for (const rows of Object.values<readonly Found[]>(groups)) {
    const scores = rows.map(({ similarity }) => similarity);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scores[0]).toBeGreaterThan(scores[1] + 0.2);
    expect(rows[0]).toMatchObject({ line: expect.any(Number), line_end: expect.any(Number) });
  }
});

test('P43 C2: an edit is prepared with the own definition, examples of both languages, and at least three hints for each', async () => {
  const body = await ask('search_code', {
    request_type: 'edit_preparation',
    target: { symbol: 'retry_call' },
    response_format: { token_budget: 4000 },
  });
  expect(body.primary_implementation).toMatchObject({
    repository: 'sample',
    language: 'python',
    file_path: 'shop/retry.py',
    line_start: 5,
    dependencies: expect.arrayContaining(['httpx']),
  });
  expect(body.primary_implementation.error_patterns).toContain('raise RuntimeError');
  const examples: readonly Found[] = body.reference_implementations;
  expect(new Map(examples.map(({ language, symbol }) => [language, symbol]))).toEqual(
    new Map([
      ['go', 'DoWithBackoff'],
      ['rust', 'with_retries'],
    ]),
  );
  const hints = Map.groupBy<string, Found>(body.translation_hints, ({ source_language }) => source_language);
  for (const { language, code, line_start, dependencies } of examples) {
    const own = hints.get(language) ?? [];
    expect([language, own.length >= 3]).toEqual([language, true]);
    for (const { found, line, target_language, construct } of own) {
      expect(target_language).toBe('python');
      // Each names something that stands in the code, and where.
      if (construct === 'library') expect(dependencies).toContain(found);
      else
        expect(
          code
            .split('\n')
            .slice(line - line_start)
            .join('\n'),
        ).toContain(found);
    }
  }
  expect(hints.get('go')).toEqual(expect.arrayContaining([expect.objectContaining({ found: 'net/http' })]));
  expect(body.references).toMatchObject([{ file_path: 'shop/use.py', type: 'import' }, { type: 'call' }]);
  expect(body.risks).toContain('No test names retry_call; write one before the change.');
});

test('P43: reference_languages and repository_filter choose the examples; words find the own definition as well', async () => {
  const rust = await ask('search_code', {
    request_type: 'edit_preparation',
    target: { query: 'retry with backoff' },
    context_spec: { reference_languages: ['rust'] },
  });
  expect(rust.primary_implementation.symbol).toBe('retry_call');
  expect(rust.reference_implementations.map(({ symbol }: Found) => symbol)).toEqual(['with_retries']);
  const own = await ask('search_code', {
    request_type: 'edit_preparation',
    target: { query: 'retry with backoff' },
    repository_filter: { cross_repository: false },
  });
  expect([own.reference_implementations, own.translation_hints]).toEqual([[], []]);
});

test('P43: a definition is gone to, explained and searched for by name', async () => {
  const to = await ask('search_code', {
    request_type: 'goto_definition',
    target: { symbol: 'DoWithBackoff' },
  });
  expect(to.definition).toMatchObject({ file_path: 'retry.go', line_start: 10, line_end: 22 });
  const explained = await ask('search_code', {
    request_type: 'explain_code',
    target: { symbol: 'retry_call' },
  });
  expect(explained).toMatchObject({
    symbol: 'retry_call',
    documentation: 'Calls again with backoff, and gives up after some attempts.',
    callers: [{ file_path: 'shop/use.py', symbol: 'fetch_rates' }],
    imports: expect.arrayContaining(['httpx']),
  });
  const found = await ask('search_code', { request_type: 'symbol_search', target: { query: 'retry_cal' } });
  expect(found.results[0]).toMatchObject({
    symbol: 'retry_call',
    match_type: 'symbol',
    file: 'shop/retry.py',
  });
  for (const type of ['goto_definition', 'explain_code'])
    expect(await ask('search_code', { request_type: type, target: { symbol: 'nobody' } })).toMatchObject({
      code: 'unknown_symbol',
    });
});

test('P43: the text of a prepared edit keeps to its budget, and says how many lines of code were left out', async () => {
  for (const token_budget of [100, 200, 400, 800]) {
    const { content, structuredContent } = await server.client.callTool({
      name: 'search_code',
      arguments: {
        request_type: 'edit_preparation',
        target: { symbol: 'retry_call' },
        response_format: { token_budget },
      },
    });
    const [{ text }] = content as unknown as readonly [{ text: string }];
    expect(text.length).toBeLessThanOrEqual(4 * token_budget);
    expect(structuredContent).toMatchObject({ request_metadata: { dropped: expect.any(Number) } });
  }
});

const SAMPLES: Readonly<Record<string, string>> = {
  python: '@cached\nasync def f(x: int | None):\n    for a in x:\n        raise ValueError(a)\n',
  typescript: 'async function f(x?: number) {\n  for (const a of x ?? []) throw new Error(a);\n}\n',
  java: '@Override\nOptional<String> f(List<String> x) throws IOException {\n  throw new IOException();\n}\n',
  go: 'func f(x map[string]int) (*int, error) {\n\tif err != nil {\n\t\treturn nil, err\n\t}\n}\n',
  rust: '#[inline]\nasync fn f(x: Vec<u8>) -> Result<Option<u8>, E> {\n    Err(E)\n}\n',
  c_sharp: '[Obsolete]\nasync Task<int?> F(List<int> x)\n{\n    throw new Exception();\n}\n',
};

test.each(Object.keys(SAMPLES))(
  'P43: %s is translated into every other language of the table, with three hints or more',
  (from) => {
    const source = { language: from, code: SAMPLES[from] ?? '', lineStart: 10, imports: [] };
    expect(errorPatterns(from, source.code).length).toBeGreaterThan(0);
    for (const to of Object.keys(SAMPLES)) {
      const hints = translationHints(source, to);
      expect([to, hints.length >= 3]).toEqual([to, to !== from]);
      for (const { found, line = 0 } of hints) {
        expect(source.code).toContain(found);
        expect(source.code.split('\n')[line - 10]).toContain(found.split('\n')[0]);
      }
    }
  },
);

test('P43: languages outside the table get no invented hints', () => {
  expect(translatable('javascript')).toBe('typescript');
  expect(translatable('haskell')).toBeUndefined();
  expect(
    translationHints({ language: 'haskell', code: 'f = Nothing', lineStart: 1, imports: [] }, 'go'),
  ).toEqual([]);
});
