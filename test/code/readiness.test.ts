// The fifteen states of readiness, each produced on real files over both stores.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { CodeRefusal } from '../../src/packs/code/code-tool.ts';
import { openTextIndex } from '../../src/packs/code/index/text-index.ts';
import { indexRecords } from '../../src/packs/code/repositories/index-record.ts';
import { intakeOf } from '../../src/packs/code/repositories/intake-of-pack.ts';
import { REPOSITORY_STATES } from '../../src/packs/code/repositories/readiness.ts';
import { createRepositories } from '../../src/packs/code/repositories/repositories.ts';
import { RepositoryIndex } from '../../src/packs/code/repositories/repository-index.ts';
import { SymbolIndex } from '../../src/packs/code/symbols/symbol-index.ts';
import type { Store } from '../../src/store/store.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { eachStore } from '../support/store.ts';
import { writeTree } from './code-server.ts';

const INTAKE = { exclude: [], hidden: false, maxFileSize: 1 << 20 };
const seen = new Set<string>();

eachStore(({ openStore }) => {
  let work: string;
  let root: string;
  let store: Store;
  const opened: RepositoryIndex[] = [];

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'quayside-readiness-'));
    root = join(work, 'tree');
    writeTree(root, { 'a.ts': 'first_word\n' });
    store = await openStore();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((index) => index.close()));
    rmSync(work, { recursive: true, force: true });
  });

  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], { cwd: root });

  function open(options: { autoIndex?: boolean; watch?: boolean; exclude?: string[] } = {}): RepositoryIndex {
    const { autoIndex = false, watch = false, exclude = [] } = options;
    const index = new RepositoryIndex({
      id: 'one',
      root,
      directory: join(work, 'index'),
      rules: intakeOf(root, { ...INTAKE, exclude }),
      autoIndex,
      watch,
      records: indexRecords(store, 'here'),
      clock: systemClock,
      log: createKeptLog().log,
    });
    index.start();
    opened.push(index);
    return index;
  }

  async function stateOf(index: RepositoryIndex): Promise<string> {
    const { state } = await index.status();
    seen.add(state);
    return state;
  }

  test('P44: missing, building, ready, rebuilding, empty', async () => {
    const index = open();
    expect(await stateOf(index)).toBe('missing_index');
    const records = indexRecords(store, 'here');
    const building = index.build();
    await expect
      .poll(async () => (await records.find('one'))?.buildingUntil ?? 0, { interval: 1 })
      .not.toBe(0);
    seen.add('index_building');
    await building;
    expect(await stateOf(index)).toBe('ready');

    const record = await records.find('one');
    if (record === undefined) throw new Error('no record');
    await records.save({ ...record, buildingUntil: Date.now() + 60_000 });
    expect(await stateOf(index)).toBe('index_rebuilding');
    await records.save({ ...record, generation: 0, buildingUntil: Date.now() + 60_000 });
    expect(await stateOf(index)).toBe('index_building');
    // A builder that died says nothing any more.
    await records.save({ ...record, buildingUntil: Date.now() - 1 });
    expect(await stateOf(index)).toBe('ready');

    rmSync(join(root, 'a.ts'));
    await index.build();
    expect(await stateOf(index)).toBe('index_empty');
  });

  test('P44: another commit, another branch, and ready again', async () => {
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'one');
    const index = open();
    await index.build();
    expect(await stateOf(index)).toBe('ready');
    git('commit', '-q', '--allow-empty', '-m', 'two');
    expect(await stateOf(index)).toBe('stale_commit');
    git('checkout', '-q', '-b', 'other');
    expect(await stateOf(index)).toBe('wrong_branch');
    await index.build();
    const { state, record, head } = await index.status();
    expect([state, record?.branch, record?.commit]).toEqual(['ready', 'other', head?.commit]);
  });

  test('P41: a branch switch is followed, and no query is answered from the branch before', async () => {
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'one');
    git('checkout', '-q', '-b', 'other');
    for (let at = 0; at < 50; at++) writeFileSync(join(root, `f${at}.ts`), 'other_word\n');
    git('add', '.');
    git('commit', '-qm', 'two');
    const index = open({ autoIndex: true, watch: true });
    for (const [branch, files] of [
      ['main', 0],
      ['other', 50],
      ['main', 0],
    ] as const) {
      git('checkout', '-q', branch);
      await expect.poll(async () => (await index.settled(3000)).state, { timeout: 10_000 }).toBe('ready');
      const { totals } = await index.text.search({ pattern: 'other_word', want: 'files' });
      expect([branch, totals.files]).toEqual([branch, files]);
    }
  });

  test('P44: a damaged index is said to be, by every process, and repaired', async () => {
    const index = open();
    await index.build();
    await index.close();
    const text = join(work, 'index/text');
    for (const name of readdirSync(text)) if (name.endsWith('.segment')) writeFileSync(join(text, name), 'x');
    const damaged = open();
    await expect(damaged.text.search({ pattern: 'first_word' })).rejects.toMatchObject({
      code: 'index_corrupt',
    });
    await damaged.damaged();
    expect(await stateOf(damaged)).toBe('corrupt_sqlite');
    expect(await stateOf(open())).toBe('corrupt_sqlite');
    await damaged.build();
    expect(await stateOf(damaged)).toBe('ready');
    expect((await damaged.text.search({ pattern: 'first_word' })).totals.lines).toBe(1);
    expect(existsSync(join(work, 'index/text.damaged'))).toBe(true);
  });

  test('P44: parts that are missing or foreign are named', async () => {
    const index = open();
    await index.build();
    await index.close();
    const records = indexRecords(store, 'here');
    const record = await records.find('one');
    if (record === undefined) throw new Error('no record');

    expect(await stateOf(open({ exclude: ['b.ts'] }))).toBe('scheme_mismatch');
    await records.save({ ...record, generation: 0 });
    expect(await stateOf(open())).toBe('missing_provenance');
    await records.save(record);
    const manifest = join(work, 'index/text/manifest');
    renameSync(manifest, join(work, 'manifest'));
    expect(await stateOf(open())).toBe('missing_schema');
    rmSync(join(work, 'index/text'), { recursive: true });
    expect(await stateOf(open())).toBe('missing_index');
  });

  test('P44: while another process writes what is not there yet, the index is locked', async () => {
    mkdirSync(join(work, 'index/text'), { recursive: true });
    const other = openTextIndex({ directory: join(work, 'index/text'), root });
    await other.claim();
    const index = open();
    await expect(index.build()).rejects.toMatchObject({ code: 'index_locked' });
    expect(await stateOf(index)).toBe('index_locked');
    await other.close();
    await index.build();
    expect(await stateOf(index)).toBe('ready');
  });

  test('P44: selectors that name nothing, too much, or a linked worktree', async () => {
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'one');
    git('worktree', 'add', '-q', join(root, 'linked'), '-b', 'side');
    const index = open();
    await index.build();
    const symbols = new SymbolIndex({ text: join(work, 'index/text'), directory: join(work, 'index') });
    const repository = { id: 'one', name: 'tree', path: root, type: 'local' as const, index, symbols };
    const twin = { ...repository, id: 'two', path: join(work, 'elsewhere/tree') };
    const repositories = createRepositories([repository, twin], { base: work, serveStale: false });
    for (const [selector, state] of [
      ['nothing', 'unregistered_repository'],
      ['tree', 'ambiguous_selector'],
      [join(root, 'linked'), 'unsupported_worktree'],
    ] as const) {
      const refusal = await repositories.select(selector).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CodeRefusal);
      expect((refusal as CodeRefusal).details).toMatchObject({
        safe_fallback: 'native_search',
        readiness: { state, ready: false, code: 'index_unavailable', requested_path: selector },
      });
      seen.add(state);
    }
    expect((await repositories.select('one')).map(({ id }) => id)).toEqual(['one']);
    expect((await repositories.select(root)).map(({ id }) => id)).toEqual(['one']);
  });

  test('N7: a second start on an unchanged tree parses nothing', async () => {
    const first = open();
    expect((await first.build()).filesParsed).toBe(1);
    await first.close();
    const second = await open().build();
    expect([second.filesRead, second.filesParsed]).toEqual([0, 0]);
  });
});

describe('P44', () => {
  test('every state was produced', () => {
    expect([...seen].sort()).toEqual([...REPOSITORY_STATES].sort());
  });
});
