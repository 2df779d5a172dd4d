// Symbols of a served product: planted definitions, uses and imports of every parsed language, over both transports.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PARSED_LANGUAGES } from '../../src/packs/code/symbols/grammars.ts';
import { connectStdio } from '../support/official-client.ts';
import { type CodeServer, startCodeServer, writeTree } from './code-server.ts';
import { PLANTED } from './planted-symbols.ts';

const TIMEOUT_MS = 60_000;
let server: CodeServer;

beforeAll(async () => {
  const cycle = {
    'ring/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
    'ring/b.ts': "import './c.ts';\nexport const b = 1;\n",
    'ring/c.ts': "import './a.ts';\nimport 'node:fs';\n",
    'same/one.ts': 'export function twin() {}\ntwin();\n',
    'same/two.ts': 'export function twin() {}\n',
    'same/uses-two.ts': "import { twin } from './two.ts';\ntwin();\n",
    'docs/keeper.ts': 'export function keeper() {}\nkeeper();\n',
    'kept/keeper.test.ts': "import { keeper } from './keeper.ts';\nkeeper();\n",
    'kept/keeper.ts': 'export function keeper() {}\nkeeper();\n',
    'text/note.txt': 'tsRound is only mentioned here\n',
  };
  server = await startCodeServer(Object.assign({}, cycle, ...PLANTED.map(({ files }) => files)));
  await symbolsOf(server.client);
}, 2 * TIMEOUT_MS);
afterAll(() => server?.close(), TIMEOUT_MS);

/** The grammars of all languages are compiled at the first look, which may take longer than a query waits. */
async function symbolsOf(client: Client): Promise<void> {
  for (let ready = false; !ready; ) {
    const { isError } = await client.callTool({ name: 'lookup_symbol', arguments: { symbol: 'twin' } });
    ready = isError !== true;
  }
}

test('P45: every parsed language but style sheets and shell is planted', () => {
  const planted = PLANTED.map(({ language }) => language);
  expect([...planted, 'bash', 'css'].sort()).toEqual([...PARSED_LANGUAGES].sort());
});

describe.each(PLANTED)('P40: $language', ({ symbols, uses, imports }) => {
  test.each(symbols)('%s is a %s of %s:%i', async (symbol, kind, path, line) => {
    const { content, structuredContent } = await server.client.callTool({
      name: 'lookup_symbol',
      arguments: { symbol },
    });
    expect(structuredContent).toMatchObject({ defined_in: path, kind, line });
    expect(JSON.stringify(content)).toContain(`${path}:${line}`);
  });

  test('uses are found with their types, and neither comments nor strings', async () => {
    const { structuredContent } = await server.client.callTool({
      name: 'find_references',
      arguments: { symbol: uses.name },
    });
    const { references } = structuredContent as {
      references: { file_path: string; line_number: number; type: string; confidence: number }[];
    };
    const places = references
      .filter(({ file_path: path }) => !path.startsWith('text/'))
      .map(({ file_path, line_number, type }) => [file_path, line_number, type]);
    expect(places).toEqual(uses.at);
    for (const { confidence } of references) expect(confidence).toBeGreaterThan(0);
  });

  test('imports lead to files of the tree', async () => {
    const [from, to] = imports;
    if (from === to) return;
    const { structuredContent } = await server.client.callTool({
      name: 'analyze_dependencies',
      arguments: { path: from, format: 'list', include_external: false },
    });
    expect((structuredContent as { dependencies: string[] }).dependencies).toContain(to);
    const back = await server.client.callTool({
      name: 'analyze_dependencies',
      arguments: { path: to, format: 'list', direction: 'in' },
    });
    expect((back.structuredContent as { dependencies: string[] }).dependencies).toContain(from);
  });
});

describe('P40', () => {
  test('a name that is not defined is said to be, with names that are alike', async () => {
    const { structuredContent } = await server.client.callTool({
      name: 'symbol_lookup',
      arguments: { symbol: 'tsRuond' },
    });
    expect(structuredContent).toMatchObject({ result: 'not_found', similar: ['tsRound', 'CsRound'] });
    const alike = await server.client.callTool({
      name: 'lookup_symbol',
      arguments: { symbol: 'tscart', exact_match: false, symbol_type: 'class' },
    });
    const { defined_in: defined, matches } = alike.structuredContent as {
      defined_in: string;
      matches: { score: number }[];
    };
    expect([defined, matches[0]?.score]).toEqual(['ts/cart.ts', 0.95]);
    const none = await server.client.callTool({
      name: 'lookup_symbol',
      arguments: { symbol: 'TsCart', symbol_type: 'function' },
    });
    expect(none.structuredContent).toMatchObject({ result: 'not_found' });
  });

  test('file and line choose one of several definitions of a name', async () => {
    const used = async (args: object) => {
      const { structuredContent } = await server.client.callTool({
        name: 'find_references',
        arguments: { symbol: 'twin', ...args },
      });
      const { references } = structuredContent as {
        references: { file_path: string; line_number: number }[];
      };
      return references.map(({ file_path, line_number }) => `${file_path}:${line_number}`);
    };
    expect(await used({})).toEqual(['same/one.ts:2', 'same/uses-two.ts:1', 'same/uses-two.ts:2']);
    expect(await used({ file_path: 'same/one.ts' })).toEqual(['same/one.ts:2']);
    expect(await used({ file_path: 'same/two.ts', line_number: 1 })).toEqual([
      'same/uses-two.ts:1',
      'same/uses-two.ts:2',
    ]);
  });

  test('an outline is the tree of what a file offers, and more when asked', async () => {
    const outline = async (args: object) => {
      const { structuredContent } = await server.client.callTool({
        name: 'get_file_outline',
        arguments: { file_path: 'ts/cart.ts', ...args },
      });
      return structuredContent as {
        symbols: { name: string; children: { name: string }[] }[];
        total_symbols: number;
      };
    };
    const shown = await outline({});
    const cart = shown.symbols.find(({ name }) => name === 'TsCart');
    expect(cart?.children.map(({ name }) => name)).toEqual(['tsTotal']);
    const all = await outline({ include_private: true });
    expect(all.symbols.find(({ name }) => name === 'TsCart')?.children.map(({ name }) => name)).toEqual([
      'lines',
      'tsTotal',
    ]);
    expect((await outline({ max_depth: 1 })).symbols.every(({ children }) => children.length === 0)).toBe(
      true,
    );
    expect(await server.call('get_file_outline', { file_path: 'text/note.txt' })).toMatchObject({
      language: 'plaintext',
      total_symbols: 0,
    });
    expect((await server.refused('get_file_outline', { file_path: 'ts/none.ts' })).code).toBe('unknown_file');
    expect((await server.refused('get_file_outline', { file_path: '../x.ts' })).code).toBe(
      'path_outside_allowed_roots',
    );
  });

  test('circles of imports are named', async () => {
    const { structuredContent } = await server.client.callTool({
      name: 'analyze_dependencies',
      arguments: { path: 'ring/a.ts', depth: 3 },
    });
    expect(structuredContent).toMatchObject({
      summary: { internal: 3, external: 1, cycles: [['ring/a.ts', 'ring/b.ts', 'ring/c.ts']] },
      dependencies: [{ path: 'ring/a.ts', children: [{ path: 'ring/b.ts' }] }],
    });
  });

  test('both directions of imports are one answer', async () => {
    const { structuredContent, content } = await server.client.callTool({
      name: 'analyze_dependencies',
      arguments: { path: 'ring/c.ts', direction: 'both', format: 'list' },
    });
    expect(structuredContent).toMatchObject({
      direction: 'both',
      summary: { internal: 1, external: 1, used_by: 1 },
      dependencies: { out: ['node:fs', 'ring/a.ts'], in: ['ring/b.ts'] },
    });
    expect(content).toEqual([
      {
        type: 'text',
        text: [
          'ring/c.ts depends on 1 files and 1 external modules.',
          'ring/c.ts imports',
          '  ring/a.ts line 1',
          '  node:fs (external) line 2',
          'ring/c.ts is used by 1 files.',
          'ring/c.ts is imported by',
          '  ring/b.ts line 1',
        ].join('\n'),
      },
    ]);
  });

  test('what source says comes first, and the rest is counted in the text', async () => {
    const defined = await server.client.callTool({
      name: 'lookup_symbol',
      arguments: { symbol: 'keeper' },
    });
    expect(defined.structuredContent).toMatchObject({ defined_in: 'kept/keeper.ts', total_matches: 2 });
    const used = async (args: object) => {
      const { content, structuredContent } = await server.client.callTool({
        name: 'find_references',
        arguments: { symbol: 'keeper', ...args },
      });
      const { references } = structuredContent as {
        references: { file_path: string; line_number: number }[];
      };
      const [first] = content;
      return {
        text: first?.type === 'text' ? first.text.split('\n') : [],
        places: references.map(({ file_path, line_number }) => `${file_path}:${line_number}`),
      };
    };
    const all = await used({});
    expect(all.places).toEqual([
      'kept/keeper.ts:2',
      'kept/keeper.test.ts:1',
      'kept/keeper.test.ts:2',
      'docs/keeper.ts:2',
    ]);
    expect(all.text).toEqual([
      '4 references to keeper.',
      'kept/keeper.ts',
      '  2: [call] keeper();',
      'Besides, not in source (file_pattern shows the lines): kept/keeper.test.ts (2), docs/keeper.ts (1)',
    ]);
    const tests = await used({ file_pattern: '*.test.ts' });
    expect(tests.text.slice(1)).toEqual([
      'kept/keeper.test.ts',
      "  1: [import] import { keeper } from './keeper.ts';",
      '  2: [call] keeper();',
    ]);
    expect((await used({ file_pattern: 'docs/*' })).text).toContain('  2: [call] keeper();');
  });

  test('a hit of search_code says in which symbol it lies', async () => {
    const { results } = await server.call('search_code', { query: 'line.price' });
    expect([results[0]?.symbol, results[0]?._usage_hint]).toEqual([
      'tsTotal',
      expect.stringContaining('lines 5-8'),
    ]);
  });

  test('symbols follow an edit, a rename and a removal', async () => {
    const where = async (symbol: string) => {
      const { structuredContent } = await server.client.callTool({
        name: 'lookup_symbol',
        arguments: { symbol },
      });
      return (structuredContent as { defined_in?: string }).defined_in;
    };
    writeTree(server.root, { 'new/fresh.ts': 'export function freshOne() {}\n' });
    await expect.poll(() => where('freshOne'), { timeout: 5000 }).toBe('new/fresh.ts');
    writeTree(server.root, { 'new/fresh.ts': 'export function freshTwo() {}\n' });
    await expect.poll(() => where('freshTwo'), { timeout: 5000 }).toBe('new/fresh.ts');
    expect(await where('freshOne')).toBeUndefined();
    rmSync(join(server.root, 'new'), { recursive: true });
    await expect.poll(() => where('freshTwo'), { timeout: 5000 }).toBeUndefined();
  });
});

test(
  'N2: planted symbols are found over stdio as over HTTP',
  async () => {
    const data = join(server.product.directory, 'stdio-data');
    const path = join(server.product.directory, 'quayside.yaml');
    const { client, errors } = await connectStdio(
      { words: ['stdio', path, '--server', 'code', '--data', data] },
      'modern',
    );
    try {
      await symbolsOf(client);
      for (const { symbols } of PLANTED) {
        for (const [symbol, kind, file, line] of symbols) {
          const { structuredContent } = await client.callTool({
            name: 'lookup_symbol',
            arguments: { symbol },
          });
          expect(structuredContent).toMatchObject({ defined_in: file, kind, line });
        }
      }
      expect(errors).toEqual([]);
    } finally {
      await client.close();
    }
  },
  TIMEOUT_MS,
);
