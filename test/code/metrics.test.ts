// What the code pack tells while it works: metrics that move, progress in per cent, and answers that are kept.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { indexCode } from '../../src/commands/code.ts';
import type { Io } from '../../src/commands/io.ts';
import { metricSum } from '../support/metrics-text.ts';
import { connectHttp } from '../support/official-client.ts';
import { type CodeServer, startCodeServer, type Tree } from './code-server.ts';

const FILES = 3000;
/** Enough for a search without any literal to take a while. */
const LINE = ' abcdefghij klmnopqrst uvwxyz ABCDEFGHIJ KLMNOPQRST UVWXYZ abcdefghij klmnopqrst\n';
const TREE: Tree = {
  ...Object.fromEntries(
    Array.from({ length: FILES }, (_, at) => [
      `src/${at % 50}/f${at}.ts`,
      `export function name${at}() {}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [`text/t${at}.txt`, `${at}${LINE}`.repeat(2500)]),
  ),
  'src/own.py': 'def own():\n    return 1\n',
};

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer(TREE);
  await vi.waitFor(() => server.call('lookup_symbol', { symbol: 'own' }), { timeout: 60_000 });
}, 90_000);
afterAll(() => server?.close(), 60_000);

const metrics = async () => (await fetch(`${server.product.origin}/metrics`)).text();
const sum = async (name: string, labels: Readonly<Record<string, string>> = {}) =>
  metricSum(await metrics(), name, labels);

describe('P61: metrics', () => {
  test('files and symbols are counted by language when they are read, and the index has a size', async () => {
    const text = await metrics();
    expect(metricSum(text, 'quayside_index_files_total', { language: 'typescript' })).toBe(FILES);
    expect(metricSum(text, 'quayside_index_files_total', { language: 'python' })).toBe(1);
    expect(
      metricSum(text, 'quayside_index_symbols_total', { language: 'typescript', kind: 'function' }),
    ).toBe(FILES);
    expect(metricSum(text, 'quayside_index_bytes', { repository_type: 'local' })).toBeGreaterThan(1 << 20);
    expect(metricSum(text, 'mcp_index_queue_size')).toBe(0);
    writeFileSync(join(server.root, 'src/late.py'), 'def late():\n    return 1\n\n\nclass Late:\n    pass\n');
    await expect
      .poll(() => sum('quayside_index_files_total', { language: 'python' }), { timeout: 20_000 })
      .toBe(2);
    await expect
      .poll(() => sum('quayside_index_symbols_total', { language: 'python', kind: 'class' }), {
        timeout: 20_000,
      })
      .toBe(1);
  });

  test('every search is measured with its kind and what it found', async () => {
    const searches = [
      ['search_code', { query: 'klmnop' }, 'literal', 250_000],
      ['search_code', { query: 'name17\\b', search_type: 'regex' }, 'regex', 1],
      [
        'search_code',
        { query: 'nmae17', search_type: 'fuzzy', file_pattern: '*.ts', limit: 1 },
        'fuzzy',
        undefined,
      ],
      ['search_code', { query: 'own function', search_type: 'hybrid' }, 'hybrid', undefined],
      ['search_code', { query: 'own', search_type: 'auto' }, 'auto', undefined],
      [
        'search_code',
        { request_type: 'symbol_search', target: { query: 'own' } },
        'symbol_search',
        undefined,
      ],
      ['lookup_symbol', { symbol: 'own' }, 'lookup', 1],
      ['find_references', { symbol: 'own' }, 'references', 0],
    ] as const;
    for (const [tool, args, mode, results] of searches) {
      const labels = { engine: 'code', mode };
      const [counted, found] = await Promise.all([
        sum('quayside_search_duration_seconds_count', labels),
        sum('quayside_search_results_sum', labels),
      ]);
      await server.call(tool, args);
      expect([mode, await sum('quayside_search_duration_seconds_count', labels)]).toEqual([
        mode,
        counted + 1,
      ]);
      if (results !== undefined)
        expect([mode, (await sum('quayside_search_results_sum', labels)) - found]).toEqual([mode, results]);
    }
    const before = await sum('quayside_search_duration_seconds_count');
    await server.refused('search_code', { query: '(', search_type: 'regex' });
    expect(await sum('quayside_search_duration_seconds_count')).toBe(before);
  });
});

describe('N14: equal questions', () => {
  let tries = 0;
  test('the second is answered from the cache, in a fifth of the time at most', async () => {
    const times = { first: 0, second: 0 };
    const counts = () =>
      Promise.all(['hit', 'miss'].map((result) => sum('quayside_cache_total', { cache: 'search', result })));
    const [hits = 0, misses = 0] = await counts();
    // Nothing in them can be looked for, so the automaton reads the whole tree; and a second try asks others.
    const least = 2 + 5 * tries++;
    const patterns = Array.from({ length: 5 }, (_, at) => `(?:[a-z]+[0-9]+[A-Z]*){${least + at},}$`);
    for (const when of ['first', 'second'] as const) {
      for (const query of patterns) {
        const started = performance.now();
        await server.call('search_code', { query, search_type: 'regex', case_sensitive: true, limit: 5 });
        times[when] += performance.now() - started;
      }
    }
    expect(await counts()).toEqual([hits + patterns.length, misses + patterns.length]);
    expect(times.second).toBeLessThanOrEqual(0.2 * times.first);
  });

  test('an answer is kept as long as nothing changed, and no longer', async () => {
    const query = { query: 'word_of_the_day' };
    const symbol = { symbol: 'word_of_the_day' };
    const path = join(server.root, 'src/day.ts');
    expect(await server.call('search_code', query)).toMatchObject({ total_found: 0 });
    expect(await server.call('lookup_symbol', symbol)).toMatchObject({ result: 'not_found' });
    for (const count of [1, 2, 3]) {
      writeFileSync(path, 'export function word_of_the_day() {}\n'.repeat(count));
      await expect
        .poll(async () => (await server.call('search_code', query)).total_found, { timeout: 20_000 })
        .toBe(count);
      // The symbol that a line lies in is known a moment later, and told then.
      await expect
        .poll(async () => (await server.call('lookup_symbol', symbol)).total_matches, { timeout: 20_000 })
        .toBe(count);
    }
    expect(await sum('quayside_cache_total', { cache: 'symbol', result: 'miss' })).toBeGreaterThan(0);
    const bypassed = await sum('quayside_cache_total', { cache: 'symbol', result: 'hit' });
    await server.call('lookup_symbol', symbol);
    expect(await sum('quayside_cache_total', { cache: 'symbol', result: 'hit' })).toBe(bypassed + 1);
  });
});

describe('P41: progress', () => {
  test.each(['modern', 'legacy'] as const)(
    '%s clients are told per cents that grow to 100',
    async (mode) => {
      const client = await connectHttp({ url: `${server.product.origin}/mcp/code` }, mode);
      const told: Progress[] = [];
      const queued: Promise<number>[] = [];
      try {
        const { structuredContent } = await client.callTool(
          { name: 'index_project', arguments: { force_rebuild: true } },
          {
            onprogress(progress) {
              told.push(progress);
              if (told.length < 3) queued.push(sum('mcp_index_queue_size'));
            },
          },
        );
        expect(structuredContent).toMatchObject({ source: 'built' });
        const shares = told.map(({ progress }) => progress);
        expect(told.every(({ total }) => total === 100)).toBe(true);
        expect(shares).toEqual([...new Set(shares)].sort((a, b) => a - b));
        expect([shares[0], shares.at(-1)]).toEqual([0, 100]);
        expect(shares.length).toBeGreaterThan(4);
        expect(told.some(({ message }) => /^Indexing sample: \d+ of \d+ files$/.test(message ?? ''))).toBe(
          true,
        );
        expect(Math.max(...(await Promise.all(queued)))).toBeGreaterThan(0);
      } finally {
        await client.close();
      }
    },
    60_000,
  );

  test('a terminal shows them on one line, of a running server and of a definition', async () => {
    const definition = join(server.product.directory, 'quayside.yaml');
    for (const flags of [
      { on: `${server.product.origin}/mcp/code` },
      { on: definition, data: join(server.product.directory, 'other-data') },
    ]) {
      const { io, errors, output } = keptIo({ isTerminal: true });
      expect(await indexCode(flags, io, { anew: true })).toBe(0);
      const shares = errors()
        .split('\r')
        .filter((line) => /KIndexing sample: \d+ of \d+ files \d+ %$/.test(line));
      expect(shares.length).toBeGreaterThan(2);
      expect(errors().endsWith('Indexed sample 100 %\n')).toBe(true);
      expect(output()).toMatch(/^sample: built; \d+ files read/);
    }
    const plain = keptIo({ isTerminal: false });
    expect(await indexCode({ on: `${server.product.origin}/mcp/code` }, plain.io, { anew: false })).toBe(0);
    expect(plain.errors()).toBe('Indexing ...\n');
  }, 120_000);
});

interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

function keptIo({ isTerminal }: { readonly isTerminal: boolean }) {
  let [err, out] = ['', ''];
  const io: Io = {
    env: {},
    isTerminal,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  };
  return { io, errors: () => err, output: () => out };
}
