// repository_metadata of index_file: kept with what was added, shown where it is described, and nothing else, over both stores.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { eachStore } from '../support/store.ts';
import { writeTree } from './code-server.ts';
import { type ServedPack, servePack } from './served-pack.ts';

/** Each test starts threads, on a machine that may be busy. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const DAY_MS = 86_400_000;

eachStore(({ openStore }) => {
  let clock: FakeClock;
  let pack: ServedPack;

  beforeEach(async () => {
    clock = createFakeClock();
    pack = await servePack(
      { 'src/own.ts': 'export const own_word = 1;\n' },
      { store: await openStore(), clock },
    );
    writeTree(pack.root, {
      'samples/go/retry.go': 'package retry\n',
      'samples/go/more.go': 'package retry\n',
    });
  });
  afterEach(() => pack.close());

  const add = (args: object = {}) =>
    pack.call('add_reference_repository', { path: join(pack.root, 'samples/go'), name: 'samples', ...args });
  const index = (repository: string, repository_metadata?: object, tenant?: string) =>
    pack.call('index_file', { repository, repository_metadata }, tenant);

  test('P41 P42: what index_file is told of a repository is kept with it, and shown', async () => {
    const { repository_id } = await add({ purpose: 'samples', description: 'Go.' });
    expect(await index('samples')).not.toHaveProperty('repository_metadata');
    const told = { type: 'external', language: 'csharp', project: 'shop', days_to_keep: 3 };
    const kept = {
      ...{ type: 'external', language: 'c_sharp', purpose: 'samples', project: 'shop', description: 'Go.' },
      ...{ temporary: true, cleanup_after: new Date(clock.now() + 3 * DAY_MS).toISOString() },
    };
    expect(await index('samples', told)).toMatchObject({
      statistics: { total_files: 2 },
      repository_metadata: kept,
    });
    // What is not named stays.
    expect(await index('samples', { purpose: 'reading', temporary: true })).toMatchObject({
      repository_metadata: { ...kept, purpose: 'reading' },
    });
    const { project, ...shown } = { ...kept, purpose: 'reading' };
    const { repositories } = await pack.call('list_repositories', { temporary_only: true });
    expect(repositories).toMatchObject([{ id: repository_id, ...shown, project_name: project }]);
    expect(pack.events.slice(1)).toEqual([
      `admin.action extend default ${repository_id} by test`,
      `admin.action describe default ${repository_id} by test`,
    ]);
    expect(await index('samples', { purpose: 'theirs' }, 'other')).toMatchObject({
      readiness: { state: 'unregistered_repository' },
    });
  });

  test('P41: what cannot be true of a repository is refused by name, and nothing is indexed or kept', async () => {
    await add();
    await index('samples');
    writeTree(pack.root, { 'samples/go/news.go': 'package news\n' });
    for (const [repository, metadata, said] of [
      ['samples', { type: 'local' }, 'repository_metadata.type'],
      ['samples', { temporary: false }, 'repository_metadata.temporary'],
      ['samples', { language: 'klingon' }, 'klingon'],
      ['tree', { type: 'reference' }, 'repository_metadata.type'],
      ['tree', { temporary: true }, 'repository_metadata.temporary'],
      ['tree', { purpose: 'mine' }, 'repository_metadata.purpose'],
      ['tree', { type: 'local', days_to_keep: 3 }, 'repository_metadata.days_to_keep'],
    ] as const)
      expect(await index(repository, metadata)).toMatchObject({
        code: 'invalid_arguments',
        error: expect.stringContaining(said),
      });
    expect(await pack.call('search_code', { query: 'package news', repository: 'samples' })).toMatchObject({
      total_found: 0,
    });
    expect(pack.events).toHaveLength(1);
  });

  test('P41: a folder of the definition is what it is, and may be called so', async () => {
    const metadata = { type: 'local', temporary: false };
    expect(await index('tree', metadata)).toMatchObject({
      repository_metadata: metadata,
      readiness: { ready: true },
    });
  });
});
