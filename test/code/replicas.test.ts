// Three replicas of the product over one PostgreSQL: whichever is asked, the answer is complete, also when the one that
// indexed was killed.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPostgresDatabase } from '../support/postgres-database.ts';
import { requires } from '../support/requires.ts';
import { type CodeServer, startCodeServer, type Tree, writeTree } from './code-server.ts';
import { startGitServer } from './git-server.ts';

const TEST_MS = 180_000;
/** In which ownership moves (spec code §6). */
const MOVED_MS = 30_000;
const COPIES = 40;

const TREE: Tree = Object.fromEntries(
  Array.from({ length: COPIES }, (_, at) => [
    `src/f${at}.ts`,
    `// ${at}\nexport const planted_word = ${at};\n`,
  ]),
);

describe.skipIf(!(await requires.postgres()))('replicas', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>;
  let work: string;
  let root: string;
  const replicas: CodeServer[] = [];

  beforeEach(async () => {
    database = await createPostgresDatabase();
    work = mkdtempSync(join(tmpdir(), 'quayside-replicas-'));
    root = join(work, 'tree');
  }, TEST_MS);
  afterEach(async () => {
    for (const { client, product } of replicas.splice(0)) {
      // What was killed by its test has nobody to say goodbye to.
      await client.close().catch(() => undefined);
      await product.stop('SIGKILL');
    }
    await database.remove();
    rmSync(work, { recursive: true, force: true });
  }, TEST_MS);

  async function start(options: string, more: { readonly data?: string; readonly env?: Env } = {}) {
    const server = await startCodeServer(TREE, {
      root,
      options,
      data: more.data ?? join(work, `data-${replicas.length}`),
      env: {
        DATABASE_URL: database.url,
        QUAYSIDE_REPLICAS: '3',
        SESSION_SECRET: 'a-secret-that-all-replicas-share-0123456789',
        API_KEY_SALT: 'a-salt-that-all-replicas-share-0123',
        ...more.env,
      },
    });
    replicas.push(server);
    return server;
  }
  type Env = Readonly<Record<string, string>>;

  /** Where a word is, as one replica says; it has as long as a query waits. */
  async function places(server: CodeServer, query: string): Promise<readonly string[]> {
    const { results, complete } = await server.call('search_code', { query, limit: 1000, context_lines: 0 });
    expect(complete).toBe(true);
    return results.map(({ file, line }) => `${file}:${line}`).sort();
  }

  const planted = () =>
    Object.keys(TREE)
      .map((path) => `${path}:2`)
      .sort();

  async function ask<Value>(
    statement: string,
    of: (row: Readonly<Record<string, unknown>>) => Value,
  ): Promise<readonly Value[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query(statement)).rows.map(of);
    } finally {
      await client.end();
    }
  }

  /** The process that wrote each copy last. */
  const owners = () =>
    ask('SELECT owner FROM quayside.code_indexes ORDER BY node', ({ owner }) =>
      String(owner).replace(/^.*:/, ''),
    );

  test(
    'P41: indexed on one, asked of the others, and the one killed: every answer is complete',
    async () => {
      // Nothing is indexed but what somebody asks for, and nothing is watched.
      for (const _ of [1, 2, 3]) await start('autoIndex: false, watch: false');
      const [first, second, third] = replicas as [CodeServer, CodeServer, CodeServer];
      expect((await second.refused('search_code', { query: 'planted_word' })).readiness.state).toBe(
        'missing_index',
      );
      expect((await first.call('index_project', {})).source).toBe('built');
      for (const one of replicas) expect(await places(one, 'planted_word')).toEqual(planted());
      expect((await third.call('lookup_symbol', { symbol: 'planted_word' })).readiness).toBeUndefined();

      await first.product.stop('SIGKILL');
      for (const one of [second, third]) expect(await places(one, 'planted_word')).toEqual(planted());

      // Another one is asked to index now, and the last answers from that state too.
      writeTree(root, { 'src/late.ts': 'export const late_word = 1;\n', 'src/f0.ts': 'gone\n' });
      await second.call('index_project', {});
      const left = planted().filter((place) => place !== 'src/f0.ts:2');
      for (const one of [second, third]) {
        expect(await places(one, 'late_word')).toEqual(['src/late.ts:1']);
        expect(await places(one, 'planted_word')).toEqual(left);
      }
      // The same for one file alone.
      writeTree(root, { 'src/single.ts': 'export const single_word = 1;\n' });
      await third.call('index_file', { path: 'src/single.ts' });
      for (const one of [second, third])
        expect(await places(one, 'single_word')).toEqual(['src/single.ts:1']);
    },
    TEST_MS,
  );

  test(
    'P41: one that starts when the indexing one is gone answers as that did',
    async () => {
      const first = await start('autoIndex: false, watch: false');
      await first.call('index_project', {});
      await first.product.stop('SIGKILL');
      const second = await start('autoIndex: false, watch: false');
      expect(await places(second, 'planted_word')).toEqual(planted());
    },
    TEST_MS,
  );

  test(
    'P41: what was asked of one that is killed while it does it is done by the others',
    async () => {
      for (const _ of [1, 2, 3]) await start('autoIndex: false, watch: false');
      const [first, ...others] = replicas as [CodeServer, CodeServer, CodeServer];
      const many = Array.from({ length: 4000 }, (_, at) => [
        `many/f${at}.ts`,
        `export const asked_word = ${at};\n${'// filler of a line\n'.repeat(200)}`,
      ]);
      writeTree(root, Object.fromEntries(many));
      const asked = first.call('index_project').catch(String);
      const wishes = () =>
        ask('SELECT wanted FROM quayside.code_index_wishes', ({ wanted }) => Number(wanted));
      await expect.poll(wishes, { timeout: 30_000, interval: 5 }).toEqual([1]);
      await first.product.stop('SIGKILL');
      await asked;
      for (const one of others) {
        const count = async () =>
          (await one.call('search_code', { query: 'asked_word', limit: 1 })).total_found;
        await expect.poll(() => count().catch(String), { timeout: MOVED_MS }).toBe(4000);
      }
    },
    TEST_MS,
  );

  test(
    'P41: where replicas share their files, ownership moves within 30 s of a kill, and no query is answered from before',
    async () => {
      const data = join(work, 'shared');
      for (const _ of [1, 2, 3]) await start('watch: true', { data });
      for (const one of replicas) expect(await places(one, 'planted_word')).toEqual(planted());
      const [owner = ''] = await owners();
      const dead = replicas.find(({ product }) => String(product.process.pid) === owner);
      if (dead === undefined) throw new Error(`no replica is ${owner}`);
      await dead.product.stop('SIGKILL');
      const killed = performance.now();
      writeTree(root, { 'src/late.ts': 'export const late_word = 1;\n' });
      const living = replicas.filter((one) => one !== dead);
      // The next query notices that nobody follows the tree any more.
      for (const one of living) expect(await places(one, 'late_word')).toEqual(['src/late.ts:1']);
      await expect.poll(owners, { timeout: MOVED_MS }).not.toEqual([owner]);
      expect(performance.now() - killed).toBeLessThan(MOVED_MS);
      const pids = living.map(({ product }) => String(product.process.pid));
      expect(pids).toContain((await owners())[0]);
      // And the new owner follows it.
      writeFileSync(join(root, 'src/later.ts'), 'export const later_word = 1;\n');
      for (const one of living)
        await expect.poll(() => places(one, 'later_word'), { timeout: MOVED_MS }).toEqual(['src/later.ts:1']);
    },
    TEST_MS,
  );

  test(
    'P42: what one cloned is cloned at the same commit by the others, and goes everywhere',
    async () => {
      const git = await startGitServer({ 'src/shop.py': 'def cloned_word():\n    return 1\n' });
      try {
        const env = { QUAYSIDE_EGRESS_ALLOW: git.place, GIT_SSL_CAINFO: git.certificate };
        const options = `references: { gitHosts: [${JSON.stringify(git.place)}] }`;
        for (const _ of [1, 2, 3]) await start(options, { env });
        const [first, second, third] = replicas as [CodeServer, CodeServer, CodeServer];
        const url = `${git.origin}/shop.git`;
        await first.call('add_reference_repository', { path: url, name: 'sample' });
        git.push({ 'src/newer.py': 'def newer_word():\n    return 2\n' });
        const found = async (one: CodeServer, query: string) =>
          (await one.call('search_code', { query, repository: 'sample' })).results.map(({ file }) => file);
        for (const one of replicas) {
          await expect
            .poll(() => found(one, 'cloned_word').catch(String), { timeout: 60_000 })
            .toEqual(['src/shop.py']);
          expect(await found(one, 'newer_word')).toEqual([]);
        }
        await first.product.stop('SIGKILL');
        expect(await found(second, 'cloned_word')).toEqual(['src/shop.py']);
        const { repositories } = await second.call('list_repositories', {});
        const id = repositories.find(({ name }) => name === 'sample')?.id;
        await second.call('cleanup_repositories', { repository_ids: [id] });
        const cloned = (at: number) => existing(join(work, `data-${at}`, 'repositories'));
        await expect.poll(() => [cloned(1), cloned(2)], { timeout: 10_000 }).toEqual([[], []]);
        expect(
          await third.refused('search_code', { query: 'cloned_word', repository: 'sample' }),
        ).toMatchObject({
          readiness: { state: 'unregistered_repository' },
        });
      } finally {
        await git.close();
      }
    },
    TEST_MS,
  );

  test(
    'P44: a folder that a replica does not have is no empty repository there',
    async () => {
      const sample = join(work, 'sample');
      writeTree(sample, { 'only.ts': 'export const only_word = 1;\n' });
      const options = `references: { roots: [${JSON.stringify(work)}] }`;
      const first = await start(options);
      await first.call('add_reference_repository', { path: sample, name: 'sample' });
      await expect
        .poll(() => places(first, 'only_word').catch(String), { timeout: 60_000 })
        .toEqual(['only.ts:1']);
      await first.product.stop('SIGKILL');
      rmSync(sample, { recursive: true });
      const second = await start(options);
      // Refused in any case; why is known once the node has looked for the folder.
      const refusal = async () =>
        (await second.refused('search_code', { query: 'only_word', repository: 'sample' })).readiness;
      await expect.poll(refusal, { timeout: 60_000 }).toMatchObject({
        state: 'missing_index',
        remediation: expect.stringContaining(`The folder ${sample} is not on this node.`),
      });
    },
    TEST_MS,
  );
});

function existing(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
