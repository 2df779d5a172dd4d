// What a code index must not do (the failures that its kind is known for), where no other test of the pack shows it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectHttp, connectStdio } from '../support/official-client.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';

const FRAGMENTS = [
  'if (a < b && c > d) {',
  '"quoted" + \'single\'',
  '<script>alert("x")</script>',
  '&amp; &lt; &#39;',
  "it's",
  'a => b',
  'x <<= 2',
  "SELECT * FROM t WHERE a = 'b'; DROP TABLE t; --",
  '${process.env.HOME}',
  '{{template}}',
  'a\\b\\c',
  '%s %d %%',
  '#include <stdio.h>',
  'std::vector<std::pair<int, int>>',
  '$(rm -rf /)',
  '`backticks`',
  '@decorator(a="b")',
  '.*+?^${}()|[]\\',
  'ünïcödé ß',
  '日本語',
  '\t\tindented',
  'a  b   c',
  '!important',
  '~/path/../..',
  '/* comment */',
  '// line',
  '"""doc"""',
  'a&b|c^d',
  '$1 $2',
  '\u{1f600} smile',
];
const SYMBOLS = Array.from({ length: 100 }, (_, at) => `planted${at}Symbol`);

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer({
    'fragments.txt': `${FRAGMENTS.join('\n')}\n`,
    'src/one.go': 'package one\n\nfunc only_go_hit() {}\n',
    ...Object.fromEntries(
      SYMBOLS.map((name, at) => [`src/s${at % 10}/f${at}.ts`, `export function ${name}() {}\n${name}();\n`]),
    ),
    'src/same/a.py': 'x = 1\n',
    'src/same/b.py': 'x = 1\n',
  });
}, 60_000);
afterAll(() => server?.close());

test('N1: the 14 tools are listed, each with a schema that refuses what it does not know and accepts its sample', async () => {
  const { tools } = await server.client.listTools();
  const samples: Readonly<Record<string, object>> = {
    search_code: { query: 'a' },
    lookup_symbol: { symbol: 'a' },
    find_references: { symbol: 'a' },
    get_file_outline: { file_path: 'a.ts' },
    analyze_dependencies: { path: 'src' },
    index_file: { path: 'a.ts' },
    index_project: {},
    list_repositories: {},
    add_reference_repository: { path: 'samples', days_to_keep: 3 },
    cleanup_repositories: { dry_run: true },
    repository_stats: {},
    get_search_guidance: { task: 'a' },
    get_status: {},
    list_plugins: {},
  };
  expect(tools.map(({ name }) => name).sort()).toEqual(Object.keys(samples).sort());
  const ajv = new Ajv2020({ strict: false });
  for (const { name, title, annotations, inputSchema, outputSchema } of tools) {
    const accepts = ajv.compile(inputSchema);
    expect([name, title === undefined, accepts(samples[name]), accepts({ nobody: 1 })]).toEqual([
      name,
      false,
      true,
      false,
    ]);
    expect([name, annotations?.readOnlyHint === undefined, outputSchema === undefined]).toEqual([
      name,
      false,
      false,
    ]);
  }
});

test('what may take minutes can go on as a task, and reading cannot', async () => {
  const legacy = await connectHttp({ url: `${server.product.origin}/mcp/code`, key: undefined }, 'legacy');
  try {
    const { tools } = await legacy.listTools();
    const capable = tools.flatMap(({ name, execution }) =>
      execution?.taskSupport === 'optional' ? [name] : [],
    );
    expect(capable.sort()).toEqual([
      'add_reference_repository',
      'cleanup_repositories',
      'index_file',
      'index_project',
    ]);
  } finally {
    await legacy.close();
  }
});

test('N1: without management of repositories its four tools are not there', async () => {
  const closed = await startCodeServer({ 'a.ts': 'a\n' }, { options: 'references: { enabled: false }' });
  try {
    const names = (await closed.client.listTools()).tools.map(({ name }) => name);
    expect(names).toHaveLength(10);
    expect(names.filter((name) => name.includes('repositor'))).toEqual([]);
  } finally {
    await closed.close();
  }
}, 60_000);

test('N2: a hundred planted symbols are found by three tools, over HTTP and over stdio', async () => {
  const definition = join(server.product.directory, 'quayside.yaml');
  const words = ['stdio', definition, '--server', 'code', '--data', server.product.data];
  const { client: stdio } = await connectStdio({ words }, 'modern');
  try {
    for (const client of [server.client, stdio]) {
      const call = async (name: string, args: Readonly<Record<string, unknown>>) =>
        (await client.callTool({ name, arguments: args })).structuredContent;
      await expect
        .poll(() => call('lookup_symbol', { symbol: SYMBOLS[0] }), { timeout: 20_000 })
        .toHaveProperty('defined_in');
      for (const [at, symbol] of SYMBOLS.entries()) {
        const path = `src/s${at % 10}/f${at}.ts`;
        expect(await call('search_code', { query: symbol })).toMatchObject({
          total_found: 2,
          results: [{ file: path }, {}],
        });
        expect(await call('lookup_symbol', { symbol })).toMatchObject({ defined_in: path, line: 1 });
        expect(await call('find_references', { symbol })).toMatchObject({
          references: [{ file_path: path, line_number: 2 }],
        });
      }
    }
  } finally {
    await stdio.close();
  }
}, 120_000);

test('N8: sizes are those of the file system, each file once', async () => {
  const files = readdirSync(server.root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(server.root, path)).isFile(),
  );
  const bytes = files.reduce((sum, path) => sum + statSync(join(server.root, path)).size, 0);
  const stats = await server.call('repository_stats', { repository_id: 'sample' });
  expect(stats).toMatchObject({ file_count: files.length, total_size: bytes });
  const all = await server.call('repository_stats', {});
  expect(all).toMatchObject({ summary: { total_files: files.length, total_size: bytes } });
  const texts = files.map((path) =>
    createHash('sha1')
      .update(readFileSync(join(server.root, path)))
      .digest('hex'),
  );
  expect(new Set(texts).size).toBe(files.length - 1);
});

test('N11: the one hit of a language among many is found with a limit of one', async () => {
  const { results, total_found } = await server.call('search_code', { query: 'o', language: 'go', limit: 1 });
  expect([results[0]?.file, total_found]).toEqual(['src/one.go', 2]);
});

test('N12: thirty fragments of code are found as they are, whatever characters they hold', async () => {
  expect(FRAGMENTS).toHaveLength(30);
  for (const [at, query] of FRAGMENTS.entries()) {
    const { results } = await server.call('search_code', {
      query,
      file_pattern: 'fragments.txt',
      case_sensitive: true,
    });
    expect([query, results.map(({ line }) => line)]).toEqual([query, expect.arrayContaining([at + 1])]);
  }
});

test('guidance is a request that search_code takes as it is', async () => {
  const tasks = [
    ['Port `retry_call` to Go', 'edit_preparation'],
    ['Where is planted1Symbol defined?', 'goto_definition'],
    ['Explain planted2Symbol', 'explain_code'],
    ['All TODO comments', 'pattern_search'],
    ['find a function named planted', 'symbol_search'],
    ['prices of carts', 'concept_search'],
  ] as const;
  for (const [task, intent] of tasks) {
    const guidance = (await server.call('get_search_guidance', { task })) as never as {
      task_analysis: { inferred_intent: string };
      optimal_request: Readonly<Record<string, unknown>>;
      alternatives: readonly { request: Readonly<Record<string, unknown>> }[];
      examples: readonly { request: Readonly<Record<string, unknown>> }[];
    };
    expect([task, guidance.task_analysis.inferred_intent]).toEqual([task, intent]);
    for (const { request } of [
      { request: guidance.optimal_request },
      ...guidance.alternatives,
      ...guidance.examples,
    ]) {
      const { structuredContent } = await server.client.callTool({
        name: 'search_code',
        arguments: { ...request },
      });
      const { code = 'none' } = structuredContent as { code?: string };
      expect([request, ['none', 'unknown_symbol'].includes(code)]).toEqual([request, true]);
    }
  }
});

test('the six prompts speak of the file, and take code where it is given', async () => {
  const { prompts } = await server.client.listPrompts();
  expect(prompts.map(({ name }) => name)).toEqual([
    'code_review',
    'refactor_suggestions',
    'generate_documentation',
    'bug_analysis',
    'generate_tests',
    'performance_analysis',
  ]);
  for (const { name } of prompts) {
    const args = { file_path: 'src/one.go', language: 'go' };
    const without = JSON.stringify(await server.client.getPrompt({ name, arguments: args }));
    expect([name, without.includes('src/one.go (go)'), without.includes('get_file_outline')]).toEqual([
      name,
      true,
      true,
    ]);
    const given = await server.client.getPrompt({ name, arguments: { ...args, code: 'func <a> "b"' } });
    expect(given.messages[0]?.content).toMatchObject({ text: expect.stringContaining('func <a> "b"') });
    await expect(server.client.getPrompt({ name, arguments: { language: 'go' } })).rejects.toMatchObject({
      code: -32602,
    });
  }
});
