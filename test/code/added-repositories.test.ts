// Repositories that callers add: whose they are, what may be added, and that they go in time, over both stores.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJobs, type Jobs } from '../../src/jobs/jobs.ts';
import { scheduleCleanup } from '../../src/packs/code/repositories/added-cleanup.ts';
import {
  newRepositoryId,
  openAddedRepositories,
} from '../../src/packs/code/repositories/added-repositories.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { eachStore } from '../support/store.ts';
import { writeTree } from './code-server.ts';
import { type ServedPack, servePack } from './served-pack.ts';

const DAY_MS = 86_400_000;
const OWNER = { id: 'tester', tenantId: 'default' };

eachStore(({ openStore, createDatabase }) => {
  let store: Store;
  let clock: FakeClock;
  let pack: ServedPack;

  beforeEach(async () => {
    store = await openStore();
    clock = createFakeClock();
    pack = await servePack({ 'src/own.ts': 'export const own_word = 1;\n' }, { store, clock });
    writeTree(pack.root, {
      'samples/go/retry.go': 'package retry\n\nfunc RetryLoop() {}\n',
      'samples/go/more.go': 'package retry\n\nfunc sample_word() {}\n',
      'samples/file.txt': 'text\n',
    });
  });
  afterEach(() => pack.close());

  const add = async (args: Readonly<Record<string, unknown>> = {}, tenant?: string) =>
    pack.call('add_reference_repository', { path: join(pack.root, 'samples/go'), ...args }, tenant);
  const readyToSearch = async (repository: string, tenant?: string) =>
    expect
      .poll(
        async () =>
          (await pack.call('search_code', { query: 'sample_word', repository }, tenant)).total_found,
        {
          timeout: 20_000,
        },
      )
      .toBe(1);
  const names = async (tenant?: string) =>
    (await pack.call('list_repositories', {}, tenant)).repositories.map(({ name }: { name: string }) => name);
  const finished = async ({ queue }: Jobs) =>
    (await queue.list('default', { limit: 100, status: 'succeeded', kind: 'code_repository_cleanup' }))
      .length;
  const passDays = async (days: number) => {
    const log = createKeptLog();
    const jobs = createJobs({ store, clock, log: log.log });
    scheduleCleanup(jobs, { store, clock, log: log.log, stateDirectory: pack.state });
    jobs.start();
    const before = await finished(jobs);
    clock.step(days * DAY_MS);
    await expect
      .poll(
        async () => {
          await clock.pass(60_000);
          return finished(jobs);
        },
        { timeout: 10_000, interval: 5 },
      )
      .toBeGreaterThan(before);
    await jobs.stop(1000);
    return log;
  };

  test('P21 P42: what comes and goes is on record, in the tenant that has it', async () => {
    const { repository_id: kept } = await add({}, 'other');
    const { repository_id: gone } = await add();
    await pack.call('cleanup_repositories', { cleanup_mode: 'manual', repository_ids: [gone] });
    expect(pack.events).toEqual([
      `repository.added add other ${kept} by test`,
      `repository.added add default ${gone} by test`,
      `repository.removed remove default ${gone} by test`,
    ]);
  });

  test('P21 P42: what cannot be written down is neither added nor removed', async () => {
    let canRecord = true;
    const own = await servePack({}, { store, clock, work: pack.work, canRecord: () => canRecord });
    const { repository_id } = await own.call('add_reference_repository', {
      path: join(pack.root, 'samples/go'),
    });
    canRecord = false;
    const noRecord = { code: 'audit_unavailable' };
    await expect(
      own.call('add_reference_repository', { path: join(pack.root, 'samples') }),
    ).rejects.toMatchObject(noRecord);
    await expect(own.call('cleanup_repositories', { repository_ids: [repository_id] })).rejects.toMatchObject(
      noRecord,
    );
    const { repositories } = await own.call('list_repositories');
    expect(repositories.map(({ name }: { name: string }) => name)).toEqual(['tree', 'go']);
    await own.close();
  });

  test('P42: what is added is searched beside the own code, by its tenant alone', async () => {
    const { repository_id, metadata_summary, guidance } = await add({
      name: 'samples',
      language: 'go',
      days_to_keep: 31,
      metadata: { team: 'a' },
    });
    expect(metadata_summary).toMatchObject({ type: 'reference', language: 'go', days_remaining: 31 });
    expect(guidance.search_examples[0]).toMatchObject({ repository: 'samples' });
    await readyToSearch('samples');
    expect(await pack.call('lookup_symbol', { symbol: 'RetryLoop', repository: 'samples' })).toMatchObject({
      defined_in: 'retry.go',
    });
    const listed = (await pack.call('list_repositories', { temporary_only: true })).repositories;
    expect(listed).toMatchObject([
      { id: repository_id, type: 'reference', language: 'go', temporary: true, metadata: { team: 'a' } },
    ]);
    const both = await pack.call('search_code', { query: '_word' });
    expect(both.results.map(({ repository }: { repository: string }) => repository)).toContain('samples');
    for (const filter of [
      { repository_types: ['local'] },
      { exclude_temporary: true },
      { cross_repository: false },
    ]) {
      const own = await pack.call('search_code', { query: '_word', repository_filter: filter });
      const found = own.results.map(({ repository }: { repository: string }) => repository);
      expect([filter, new Set(found), own.note]).toEqual([filter, new Set(['tree']), undefined]);
    }
    expect(await names('other')).toEqual(['tree']);
    expect(await pack.call('search_code', { query: 'x', repository: 'samples' }, 'other')).toMatchObject({
      code: 'index_unavailable',
      readiness: { state: 'unregistered_repository' },
    });
  });

  test('P42: while something added is not ready, searches over everything leave it out and say so', async () => {
    const stopped = await servePack(
      {},
      { store, clock, work: pack.work },
      { autoIndex: false, paths: [pack.root] },
    );
    await expect
      .poll(async () => (await pack.call('search_code', { query: 'own_word' })).total_found, {
        timeout: 20_000,
      })
      .toBe(1);
    await stopped.call('add_reference_repository', { path: join(pack.root, 'samples/go'), name: 'samples' });
    expect(await stopped.call('search_code', { query: '_word' })).toMatchObject({
      note: 'Not searched, because not ready yet: samples.',
    });
    expect(await stopped.call('search_code', { query: '_word', repository: 'samples' })).toMatchObject({
      code: 'index_unavailable',
      readiness: { state: 'missing_index' },
    });
    await stopped.close();
  });

  test('P42 N5: after 31 days the job has removed rows, records and index; the folder is as it was', async () => {
    await add({ name: 'samples', days_to_keep: 31 });
    await readyToSearch('samples');
    const indexes = join(pack.state, 'code', 'added');
    expect(readdirSync(indexes)).toHaveLength(1);
    const warned = await passDays(30);
    expect(JSON.stringify(warned.lines)).toContain('code.repository_expiring');
    expect(await names()).toEqual(['tree', 'samples']);
    clock.step(DAY_MS);
    // Over, and not removed yet: gone from every search already.
    expect(await names()).toEqual(['tree']);
    await passDays(1 / 24);
    expect(readdirSync(indexes)).toEqual([]);
    const again = await openAddedRepositories({ store, clock, stateDirectory: pack.state });
    expect(again.present('default')).toEqual([]);
    again.close();
    expect(readdirSync(join(pack.root, 'samples/go')).sort()).toEqual(['more.go', 'retry.go']);
  });

  test('P42: the tombstone of a removal that was cut off is finished by the next run, and then goes itself', async () => {
    const { repository_id } = await add({ name: 'samples' });
    await readyToSearch('samples');
    await pack.call('cleanup_repositories', { repository_ids: [repository_id] });
    // As after a crash between the write and the removal of the files.
    writeTree(pack.state, { [`code/added/${repository_id}/left/text/left.segment`]: 'left' });
    const added = await openAddedRepositories({ store, clock, stateDirectory: pack.state });
    expect(added.all()).toHaveLength(1);
    await passDays(1);
    await added.close();
    expect(existsSync(join(pack.state, 'code', 'added', repository_id))).toBe(false);
    const after = await openAddedRepositories({ store, clock, stateDirectory: pack.state });
    expect(after.all()).toEqual([]);
    after.close();
  });

  test('P42 C3: a dry run says number by number what the real run removes; types and ages never reach local code', async () => {
    await add({ name: 'samples', type: 'temporary' });
    await readyToSearch('samples');
    await pack.call('lookup_symbol', { symbol: 'RetryLoop', repository: 'samples' });
    clock.step(3 * DAY_MS);
    for (const wish of [
      { older_than_days: 2 },
      { repository_types: ['reference', 'temporary', 'external'] },
    ]) {
      const { total_removed } = await pack.call('cleanup_repositories', { ...wish, dry_run: true });
      expect([wish, total_removed]).toEqual([
        wish,
        { repositories: 1, files: 2, symbols: 4, references: 0, embeddings: 0 },
      ]);
    }
    const dry = await pack.call('cleanup_repositories', { repository_types: ['temporary'], dry_run: true });
    const real = await pack.call('cleanup_repositories', { repository_types: ['temporary'] });
    expect(real).toEqual({ ...dry, dry_run: false, expired_cleanup: { cleaned: 0, repositories: [] } });
    expect(await names()).toEqual(['tree']);
    expect(await pack.call('cleanup_repositories', { older_than_days: 1 })).toMatchObject({
      total_removed: { repositories: 0 },
    });
    expect(await pack.call('cleanup_repositories', { repository_ids: ['nobody'] })).toMatchObject({
      code: 'unknown_repository',
    });
  });

  test('P42 N10: only folders within the roots are added, and never the state of the product', async () => {
    writeTree(pack.work, { 'outside/secret.ts': 'outside\n' });
    symlinkSync(join(pack.work, 'outside'), join(pack.root, 'way-out'));
    mkdirSync(join(pack.state, 'repositories', 'of-another-tenant'), { recursive: true });
    const refused = [
      '/',
      '/etc',
      '..',
      'outside',
      './tree/../outside',
      'tree/way-out',
      join(pack.root, 'way-out'),
      `${pack.root}-not`,
      `${pack.root}/../outside`,
      `${pack.root}/%2e%2e/outside`,
      '\\\\server\\share',
      'file:///etc',
      pack.root.toUpperCase(),
      `${pack.root}/samples\0`,
      pack.state,
      join(pack.state, 'repositories', 'of-another-tenant'),
    ];
    for (const path of refused) {
      const { code } = await add({ path });
      expect([path, code]).toEqual([
        path,
        path.startsWith('file:') ? 'url_refused' : 'path_outside_allowed_roots',
      ]);
    }
    expect((await add({ path: 'tree/samples/file.txt' })).code).toBe('not_a_folder');
    expect((await add({ path: 'tree' })).code).toBe('already_registered');
    expect((await add({ branch: 'main' })).code).toBe('invalid_arguments');
    expect((await add()).code).toBeUndefined();
    expect((await add()).code).toBe('already_registered');
    expect(await names()).toEqual(['tree', 'go']);
  });

  const one = (path: string) => ({
    ...{ id: newRepositoryId(), name: path, path, type: 'reference' as const, language: null },
    ...{ purpose: 'test', project: null, description: null, metadata: {} },
    ...{ url: null, branch: null, commit: null },
    cleanupAfter: clock.now() + DAY_MS,
  });

  test('P42: a tenant has no more than its number of repositories, whatever other tenants have', async () => {
    const folders = Array.from({ length: 40 }, (_, at) => `many/${at}`);
    for (const folder of folders) mkdirSync(join(pack.root, folder), { recursive: true });
    const added = await openAddedRepositories({ store, clock, stateDirectory: pack.state });
    for (const path of folders.slice(0, 30)) await added.add(OWNER, one(path));
    await expect(added.add(OWNER, one('one more'))).rejects.toMatchObject({
      code: 'too_many_repositories',
    });
    await added.add({ ...OWNER, tenantId: 'other' }, one('one more'));
    added.close();
  });

  test('P42: of adds at once, from several processes, exactly as many pass as there is room for', async () => {
    const { open } = await createDatabase();
    const several = await Promise.all(
      Array.from({ length: 4 }, async () =>
        openAddedRepositories({ store: await open(), clock, stateDirectory: pack.state }),
      ),
    );
    for (const tenantId of ['default', 'other']) {
      const adds = Array.from({ length: 48 }, (_, at) =>
        several[at % several.length]?.add({ ...OWNER, tenantId }, one(`at-once/${at}`)),
      );
      const ended = await Promise.allSettled(adds);
      const refusals = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason.code] : []));
      expect([tenantId, ended.length - refusals.length, new Set(refusals)]).toEqual([
        ...[tenantId, 30],
        new Set(['too_many_repositories']),
      ]);
    }
    for (const one of several) one.close();
  });
});
