// Several checkouts of one repository: what they have in common is stored and parsed once.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { chooseMerge } from '../../src/packs/code/index/engine/merge-policy.ts';
import { IndexStore } from '../../src/packs/code/index/store/index-store.ts';
import { openTextIndex } from '../../src/packs/code/index/text-index.ts';
import { textDirectory } from '../../src/packs/code/repositories/index-directory.ts';
import { indexFamily } from '../../src/packs/code/repositories/index-family.ts';
import { indexPlace } from '../../src/packs/code/repositories/index-place.ts';
import { indexRecords } from '../../src/packs/code/repositories/index-record.ts';
import { RepositoryIndex } from '../../src/packs/code/repositories/repository-index.ts';
import { SymbolIndex } from '../../src/packs/code/symbols/symbol-index.ts';
import type { Store } from '../../src/store/store.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { eachStore } from '../support/store.ts';
import { writeTree } from './code-server.ts';
import { type ServedPack, servePack } from './served-pack.ts';

const INTAKE = { exclude: [], hidden: false, maxFileSize: 1 << 20 };
const FILES = 50;
const DIFFERENT = 3;
/** So that segments are large enough to be rewritten when nobody needs them. */
const LONG = '// a line that says nothing\n'.repeat(5_000);

eachStore(({ openStore }) => {
  let work: string;
  let store: Store;
  let pack: ServedPack | undefined;

  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'quayside-branches-'));
    store = await openStore();
  });
  afterEach(async () => {
    await pack?.close();
    pack = undefined;
    rmSync(work, { recursive: true, force: true });
  });

  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], {
      cwd: join(work, 'tree'),
      stdio: 'pipe',
    });

  function plant(): void {
    const files = Array.from({ length: FILES }, (_, at) => [
      `f${at}.ts`,
      `export function planted${at}() {\n  return ${at};\n}\n${LONG}`,
    ]);
    writeTree(join(work, 'tree'), Object.fromEntries(files));
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-qm', 'one');
    git('worktree', 'add', '-q', '-b', 'next', join(work, 'next'));
    const changed = Array.from({ length: DIFFERENT }, (_, at) => [
      `f${at}.ts`,
      `export const only_next${at} = 1;\n`,
    ]);
    writeTree(join(work, 'next'), Object.fromEntries(changed));
  }

  async function serve(paths: readonly string[]): Promise<ServedPack> {
    await pack?.close();
    pack = await servePack({}, { store, clock: systemClock, work }, { paths, autoIndex: false, watch: true });
    return pack;
  }

  /** Bytes of segments that no other index has. */
  function ownBytes(): number {
    const all = readdirSync(join(work, 'state', 'code'), { recursive: true, withFileTypes: true });
    return all
      .filter(({ name }) => name.endsWith('.segment'))
      .map(({ parentPath, name }) => statSync(join(parentPath, name)))
      .reduce((sum, { nlink, size }) => sum + size / nlink, 0);
  }

  test('P41: a second branch reads what differs, parses what differs, and costs what differs', async () => {
    plant();
    const served = await serve([join(work, 'tree'), join(work, 'next')]);
    const [first, second] = ['tree', 'next'];
    expect((await served.call('index_project', { path: first })).statistics.parsed_files).toBe(FILES);
    const one = ownBytes();
    // Refused while the symbols are being read, which takes longer than a query waits on a busy machine.
    await expect
      .poll(
        async () =>
          (await served.call('lookup_symbol', { symbol: 'planted7', repository: first })).total_matches,
        { timeout: 60_000 },
      )
      .toBe(1);

    const built = await served.call('index_project', { path: second });
    expect(built.statistics).toMatchObject({ parsed_files: DIFFERENT, read_files: FILES });
    expect(ownBytes()).toBeLessThan(one * 1.2);
    // Each answers for its own branch alone.
    const lines = async (repository: string, query: string) =>
      (await served.call('search_code', { query, repository })).total_found;
    expect([await lines('tree', 'planted0('), await lines('next', 'planted0(')]).toEqual([1, 0]);
    expect([await lines('tree', 'only_next'), await lines('next', 'only_next')]).toEqual([0, DIFFERENT]);
    expect([await lines('tree', 'planted9('), await lines('next', 'planted9(')]).toEqual([1, 1]);
    const symbols = async (repository: string, symbol: string) =>
      (await served.call('lookup_symbol', { symbol, repository })).total_matches ?? 0;
    expect([await symbols('next', 'planted9'), await symbols('next', 'planted0')]).toEqual([1, 0]);
  });

  test('P41: what another branch has parsed is not parsed again, and what one gives up the other keeps', async () => {
    plant();
    const state = join(work, 'state');
    const open = (root: string) => {
      const { id, directory, rules } = indexPlace(root, INTAKE, { stateDirectory: state });
      const index = new RepositoryIndex({
        ...{ id, root, directory, rules, autoIndex: false, watch: false, clock: systemClock },
        ...{ records: indexRecords(store, 'here'), log: createKeptLog().log },
        family: indexFamily({ root, directory, stateDirectory: state, owner: '' }),
      });
      return { index, symbols: new SymbolIndex({ text: textDirectory(directory), directory }) };
    };
    const first = open(join(work, 'tree'));
    await first.index.build();
    expect((await first.symbols.refresh()).parsed).toBe(FILES);
    // Given texts, and no file yet: nothing of them is dead before the tree was read.
    const seeded = openTextIndex({ directory: join(work, 'seeded'), root: join(work, 'next') });
    const seed = textDirectory(first.index.directory);
    expect(await seeded.claim({ seed })).toBe(true);
    const files = new IndexStore(join(work, 'seeded'));
    const snapshot = files.use();
    expect([snapshot.segments.length > 0, snapshot.files.length, chooseMerge(snapshot)]).toEqual([
      true,
      0,
      [],
    ]);
    files.close();
    expect(await seeded.claim({ seed })).toBe(false);
    await seeded.close();
    const second = open(join(work, 'next'));
    await second.index.build();
    expect(await second.symbols.refresh()).toMatchObject({ parsed: DIFFERENT, files: FILES });
    await first.symbols.close();
    await first.index.close();
    rmSync(first.index.directory, { recursive: true });
    expect((await second.index.text.search({ pattern: 'planted9(' })).totals.lines).toBe(1);
    await second.index.text.verify();
    // Somebody else's checkout of the same repository begins with nothing of it.
    const other = indexFamily({
      ...{ root: join(work, 'tree'), directory: join(work, 'other'), stateDirectory: state },
      owner: 'another tenant',
    });
    mkdirSync(join(work, 'other'));
    expect(other.relative((await other.join()) ?? '')).toBeUndefined();
    await second.symbols.close();
    await second.index.close();
  });
});
