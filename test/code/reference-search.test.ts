// What is found over a real tree, against ripgrep and against what was planted: nothing missed, nothing that must not be.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateQueries } from '../../bench/code-index/queries.ts';
import { ripgrepLines, runRipgrep, STANDARD_RULES } from '../../bench/code-index/ripgrep.ts';
import { connectHttp } from '../support/official-client.ts';
import { PROJECT, startProduct } from '../support/product.ts';
import { type CodeServer, startCodeServer, type Tree } from './code-server.ts';

const PATTERNS = 200;
const SEED = 11;

describe('over the source of the gate', () => {
  let server: CodeServer;

  beforeAll(async () => {
    server = await startCodeServer({}, { root: join(PROJECT, 'src', 'gate') });
  }, 60_000);
  afterAll(() => server?.close(), 60_000);

  test(`N3 P39: ${PATTERNS} patterns find the lines that ripgrep finds`, async () => {
    const listed = (await runRipgrep(server.root, [...STANDARD_RULES, '--files', '-0'])).toString();
    const files = listed.split('\0').filter((path) => path !== '');
    const queries = generateQueries(
      files.toSorted().map((path) => join(server.root, path)),
      PATTERNS,
      SEED,
    );
    let matched = 0;
    for (const query of queries) {
      const expected = await ripgrepLines(server.root, STANDARD_RULES, query);
      const found = await server.call('search_code', {
        query: query.pattern,
        search_type: query.syntax,
        case_sensitive: !query.ignoreCase,
        context_lines: 0,
        limit: 1000,
        max_tokens: 20_000,
      });
      const places = found.results.map(({ file, line }) => `${file}:${line}`);
      expect([query, found.total_found, found.complete, places]).toEqual([
        query,
        expected.length,
        true,
        expected.slice(0, places.length).map(({ path, line }) => `${path}:${line}`),
      ]);
      if (places.length > 0) matched++;
    }
    expect(matched).toBeGreaterThan(PATTERNS / 2);
  }, 120_000);
});

describe('over planted trees', () => {
  const KEY = ['-----BEGIN OPENSSH PRIVATE KEY-----', 'c2VjcmV0', '-----END OPENSSH PRIVATE KEY-----'];
  const SECRET = 'word_of_a_secret';
  const KEPT: Tree = {
    'src/kept.ts': `${SECRET}\n`,
    'logs/kept.log': `${SECRET}\n`,
    'src/deep/again.gen.ts': `${SECRET}\n`,
    'environment.ts': `${SECRET}\n`,
    'keys.md': `How to make a key: ssh-keygen. ${SECRET}\n`,
  };
  const HIDDEN: Tree = {
    '.gitignore': '*.log\n!logs/\n/private/\n*.gen.ts\n',
    'logs/.gitignore': '!kept.log\n',
    'src/deep/.gitignore': '!again.gen.ts\n',
    '.mcp-index-ignore': 'notes/\n',
    '.git/info/exclude': 'local-only.ts\n',
    '.git/HEAD': `ref: refs/heads/main\n${SECRET}\n`,
    '.env': `A=${SECRET}\n`,
    '.env.production': `A=${SECRET}\n`,
    'src/.env.local': `A=${SECRET}\n`,
    ...Object.fromEntries(
      ['pem', 'key', 'p12', 'pfx', 'crt', 'PEM'].map((suffix) => [`keys/own.${suffix}`, `${SECRET}\n`]),
    ),
    'src/fixture.ts': `// ${SECRET}\nexport const key = \`\n${KEY.join('\n')}\n\`;\n`,
    'docs/key.md': `${SECRET}\n${KEY.join('\n')}\n`,
    'logs/other.log': `${SECRET}\n`,
    'src/made.gen.ts': `${SECRET}\n`,
    'src/deep/made.gen.ts': `${SECRET}\n`,
    'private/kept.ts': `${SECRET}\n`,
    'notes/a.md': `${SECRET}\n`,
    'local-only.ts': `${SECRET}\n`,
    'node_modules/a/index.js': `${SECRET}\n`,
    'src/__pycache__/a.py': `${SECRET}\n`,
    '.venv/a.py': `${SECRET}\n`,
  };

  test('N9: ignored files, names of secrets and texts with private keys are found by no tool', async () => {
    const server = await startCodeServer({ ...KEPT, ...HIDDEN }, { options: 'hidden: true' });
    try {
      const { results } = await server.call('search_code', { query: SECRET, limit: 1000 });
      expect(results.map(({ file }) => file).sort()).toEqual(Object.keys(KEPT).sort());
      for (const query of [KEY[1], 'OPENSSH PRIVATE KEY'])
        expect(await server.call('search_code', { query })).toMatchObject({ total_found: 0 });
      for (const path of Object.keys(HIDDEN).filter((one) => !one.endsWith('ignore'))) {
        // Asked for by name as well.
        await server.call('index_file', { path });
        const outline = await server.refused('get_file_outline', { file_path: path });
        expect([path, outline.code]).toEqual([path, 'unknown_file']);
      }
      const found = await server.call('search_code', { query: SECRET, limit: 1000 });
      expect(found.total_found).toBe(Object.keys(KEPT).length);
    } finally {
      await server.close();
    }
  }, 60_000);

  test('N11: the one hit of a language among 10,000 is found with a limit of one', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`a${at}.ts`, 'needle();\n'.repeat(100)]),
    );
    const server = await startCodeServer({ ...many, 'z/last.go': 'func needle() {}\n' });
    try {
      const all = await server.call('search_code', { query: 'needle', limit: 1 });
      expect(all.total_found).toBe(10_001);
      for (const search_type of ['literal', 'regex', 'fuzzy', 'hybrid']) {
        const args = { query: 'needle', search_type, language: 'go', limit: 1 };
        const { results, total_found } = await server.call('search_code', args);
        expect([search_type, results[0]?.file, total_found]).toEqual([search_type, 'z/last.go', 1]);
      }
    } finally {
      await server.close();
    }
  }, 60_000);

  test('N7: a second start on an unchanged tree parses no file and answers within a second', async () => {
    const first = await startCodeServer(
      Object.fromEntries(
        Array.from({ length: 2000 }, (_, at) => [`f${at}.ts`, `const word${at} = ${at};\n`]),
      ),
    );
    const definition = { path: join(first.product.directory, 'quayside.yaml') };
    try {
      expect(await first.call('search_code', { query: 'word1999' })).toMatchObject({ total_found: 1 });
      first.product.process.kill('SIGTERM');
      await expect.poll(() => first.product.process.exitCode, { timeout: 20_000 }).not.toBeNull();
      const second = await startProduct({ definition, data: first.product.data });
      try {
        const started = performance.now();
        const client = await connectHttp({ url: `${second.origin}/mcp/code` }, 'modern');
        const call = async (name: string, args: Readonly<Record<string, unknown>>) =>
          (await client.callTool({ name, arguments: args })).structuredContent;
        expect(await call('search_code', { query: 'word1999' })).toMatchObject({ total_found: 1 });
        expect(performance.now() - started).toBeLessThan(1000);
        expect(await call('index_project', {})).toMatchObject({
          source: 'current',
          statistics: { parsed_files: 0, read_files: 0, unchanged_files: 2000 },
        });
        await client.close();
      } finally {
        await second.stop();
      }
    } finally {
      await first.close();
    }
  }, 120_000);
});
