// What index_file and index_project say of a run, which files they take, and how often whole repositories are indexed.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { codeRoutes } from '../../src/packs/code/code-routes.ts';
import { SymbolIndex } from '../../src/packs/code/symbols/symbol-index.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { SILENT_METER } from '../../src/telemetry/metrics/code-meter.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { writeTree } from './code-server.ts';
import { type ServedPack, servePack } from './served-pack.ts';

/** Each test starts threads, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const TEXTS = {
  'src/one.ts': 'export function one() {}\nexport function two() {}\n',
  'src/deep/three.ts': 'export function three() {}\n',
  'src/four.py': 'def four():\n    pass\n',
  'other/five.ts': 'export const five = 5;\n',
};
const TREE = {
  ...TEXTS,
  'src/picture.bin': 'a\0b',
  'src/.env': 'PLANTED=1\n',
  'src/large.txt': 'x'.repeat((1 << 20) + 1),
};

let work: string;
let store: Store;
let clock: FakeClock;
let pack: ServedPack;
let canRecord: boolean;

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'quayside-index-tool-'));
  store = await openStore({ kind: 'sqlite', path: join(work, 'quayside.db') });
  clock = createFakeClock();
  canRecord = true;
  pack = await servePack(TREE, { store, clock, work, canRecord: () => canRecord }, { hidden: true });
});
afterEach(async () => {
  await pack.close();
  await store.close();
  rmSync(work, { recursive: true, force: true });
});

describe('the report', () => {
  test('P41 C1: counts files by what became of them, symbols, sizes and languages', async () => {
    const all = await pack.call('index_project', { force_rebuild: true });
    const bytes = Object.values(TEXTS).join('').length;
    expect(all).toMatchObject({
      operation_id: 'test',
      statistics: {
        total_files: 7,
        successful_files: 4,
        failed_files: 0,
        skipped_files: 3,
        read_files: 7,
        total_size_mb: Math.round((bytes / 1024 / 1024) * 1000) / 1000,
        languages: { typescript: 3, python: 1 },
        success_rate: 1,
      },
      progress: { percentage: 100, processed_files: 7, failed_files: 0, success_rate: 1 },
      failed_files: [],
      insights: {
        language_distribution: { typescript: 0.75, python: 0.25 },
        recommendations: [expect.stringContaining('1 files are larger than maxFileSize')],
      },
    });
    expect(all.statistics.avg_time_per_file).toBeCloseTo(all.statistics.total_time_seconds / 7, 2);
    expect(all.results).toHaveLength(7);
    expect(all.results).toContainEqual({
      ...{ file_path: 'src/four.py', status: 'indexed', language: 'python' },
      size: TEXTS['src/four.py'].length,
    });
    expect(all.results).toContainEqual(expect.objectContaining({ file_path: 'src/.env', status: 'secret' }));
  });

  test('P41: an update speaks of its path alone, and names what it read', async () => {
    await pack.call('index_project');
    writeTree(pack.root, { 'src/deep/three.ts': 'export function three() {}\nexport function more() {}\n' });
    expect(await pack.call('index_file', { path: 'src/deep' })).toMatchObject({
      path: 'src/deep',
      statistics: { total_files: 1, successful_files: 1, read_files: 1 },
      results: [{ file_path: 'src/deep/three.ts', status: 'indexed', language: 'typescript' }],
      mutation_performed: true,
    });
    // A moment later on a busy machine: until then the number is null, and never a wrong one.
    const symbols = async (path: string) =>
      (await pack.call('index_file', { path })).statistics.total_symbols;
    await expect.poll(() => symbols('src/deep'), { timeout: 60_000 }).toBe(2);
    expect([null, 5]).toContain(await symbols('src'));
  });

  test('P41: says what was indexed also where its symbols cannot be counted, and why they cannot', async () => {
    await pack.call('index_project');
    writeTree(pack.root, { 'src/one.ts': 'export const without_symbols = 1;\n' });
    vi.spyOn(SymbolIndex.prototype, 'refresh').mockRejectedValue(new Error('The symbol thread ended.'));
    const answers = [await pack.call('index_file', { path: 'src' }), await pack.call('index_project')];
    vi.restoreAllMocks();
    for (const { statistics, readiness } of answers) {
      expect(statistics).toMatchObject({
        total_symbols: null,
        symbols_problem: 'Symbols could not be counted: The symbol thread ended.',
      });
      expect(statistics.successful_files).toBeGreaterThan(2);
      expect(readiness).toMatchObject({ ready: true });
    }
    expect(await pack.call('search_code', { query: 'without_symbols' })).toMatchObject({ total_found: 1 });
    const mended = await pack.call('index_project');
    expect(mended.statistics).not.toHaveProperty('symbols_problem');
  });

  test('at most a hundred files are named', async () => {
    writeTree(
      pack.root,
      Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`many/f${at}.ts`, `const a${at} = 1;\n`])),
    );
    const { results, statistics } = await pack.call('index_file', { path: 'many' });
    expect([results.length, statistics.read_files]).toEqual([100, 150]);
  });

  // Nothing is closed to root.
  test.skipIf(process.getuid?.() === 0)(
    'a file that may not be read is a failure, with its name',
    async () => {
      await pack.call('index_project');
      writeTree(pack.root, { 'src/closed.ts': 'export const closed = 1;\n' });
      chmodSync(join(pack.root, 'src/closed.ts'), 0);
      expect(await pack.call('index_file', { path: 'src/closed.ts' })).toMatchObject({
        statistics: { failed_files: 1, success_rate: 0 },
        failed_files: [{ file_path: 'src/closed.ts', reason: 'unreadable' }],
      });
    },
  );
});

describe('P41 C1: which files are taken', () => {
  const NEWS = {
    'src/one.ts': 'export const news = 1;\n',
    'src/four.py': 'news = 1\n',
    'src/deep/three.ts': 'export const news = 1;\n',
    'src/deep/er/six.ts': 'export const news = 1;\n',
  };
  const found = async () => {
    const { results } = await pack.call('search_code', { query: 'news' });
    return results.map(({ file }: { file: string }) => file).sort();
  };

  test.each([
    [{ path: 'src' }, Object.keys(NEWS)],
    [{ path: 'src', recursive: false }, ['src/one.ts', 'src/four.py']],
    [{ path: 'src', file_pattern: '*.py' }, ['src/four.py']],
    [{ path: 'src', file_pattern: 'src/deep/*.ts' }, ['src/deep/three.ts']],
    [{ path: 'src', exclude_patterns: ['deep'] }, ['src/one.ts', 'src/four.py']],
    [{ path: 'src', exclude_patterns: ['*.ts', '!one.ts'] }, ['src/one.ts', 'src/four.py']],
    [{ file_pattern: '*.ts', exclude_patterns: ['er/'] }, ['src/one.ts', 'src/deep/three.ts']],
  ])('%j', async (args, files) => {
    await pack.call('index_project');
    writeTree(pack.root, NEWS);
    expect(await found()).toEqual([]);
    await pack.call('index_file', args);
    expect(await found()).toEqual([...files].sort());
  });

  test('what is gone stays where it is not meant', async () => {
    await pack.call('index_project');
    rmSync(join(pack.root, 'src/one.ts'));
    rmSync(join(pack.root, 'src/four.py'));
    const { statistics } = await pack.call('index_file', { path: 'src', file_pattern: '*.py' });
    expect([statistics.removed_files, statistics.total_files]).toEqual([1, 5]);
  });
});

test('P61: the size of an index is told by every process that searches it, also where another one writes it', async () => {
  await pack.call('index_project');
  let sizes: () => Iterable<{ readonly type: string; readonly bytes: number }> = () => [];
  const meter = {
    ...SILENT_METER,
    watchBytes(read: typeof sizes) {
      sizes = read;
      return () => undefined;
    },
  };
  const reader = await servePack({}, { store, clock, work, meter }, { hidden: true, autoIndex: false });
  try {
    const texts = Object.values(TEXTS).join('').length;
    expect([...sizes()]).toEqual([{ type: 'local', bytes: expect.any(Number) }]);
    expect([...sizes()][0]?.bytes).toBeGreaterThan(texts);
  } finally {
    await reader.close();
  }
});

test('P41: the eleventh whole index of a minute waits for its turn; files do not', async () => {
  for (let start = 0; start < 10; start++) await pack.call('index_project');
  let isDone = false;
  const late = pack.call('index_project').then((answer) => {
    isDone = true;
    return answer;
  });
  writeTree(pack.root, { 'src/one.ts': 'export const at_once = 1;\n' });
  await pack.call('index_file', { path: 'src/one.ts' });
  expect((await pack.call('search_code', { query: 'at_once' })).total_found).toBe(1);
  expect(isDone).toBe(false);
  await clock.pass(60_000);
  expect((await late).readiness).toMatchObject({ ready: true });
});

describe('P21 P42: indexing that is asked for over REST', () => {
  const askRoute = async (path: string, body: object, params: Readonly<Record<string, string>> = {}) => {
    const route = codeRoutes(() => pack.served).find((one) => one.method === 'POST' && one.path === path);
    if (route === undefined) throw new Error(`There is no route ${path}.`);
    return route.handle({
      ...{ params, body, query: {}, headers: {}, clientAddress: '192.0.2.1', requestId: 'test' },
      principal: { type: 'key', id: 'ann', name: 'ann', tenantId: 'acme', roles: [], permissions: ['*'] },
      signal: new AbortController().signal,
    });
  };
  const whole = '/api/v1/repositories/:id/index';

  test('is on record, in the tenant of who asked; calls of tools have a record of their own', async () => {
    await pack.call('index_project');
    expect(pack.events).toEqual([]);
    const { repositories } = await pack.call('list_repositories');
    await askRoute(whole, { force_rebuild: true }, { id: 'tree' });
    await askRoute('/code/reindex', { path: 'src' });
    const event = `admin.action index acme ${repositories[0].id} by ann`;
    expect(pack.events).toEqual([event, event]);
  });

  test('what cannot be written down is not indexed', async () => {
    await pack.call('index_project');
    writeTree(pack.root, { 'src/one.ts': 'export const unrecorded = 1;\n' });
    canRecord = false;
    const noRecord = { code: 'audit_unavailable' };
    await expect(askRoute(whole, {}, { id: 'tree' })).rejects.toMatchObject(noRecord);
    await expect(askRoute('/code/reindex', { path: 'src' })).rejects.toMatchObject(noRecord);
    expect(await pack.call('search_code', { query: 'unrecorded' })).toMatchObject({ total_found: 0 });
    canRecord = true;
    await askRoute('/code/reindex', { path: 'src' });
    expect(await pack.call('search_code', { query: 'unrecorded' })).toMatchObject({ total_found: 1 });
  });
});
