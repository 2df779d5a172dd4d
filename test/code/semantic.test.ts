// Search by meaning over a scripted embedding endpoint: what is found, what is sent, and what happens when it fails.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metricSum } from '../support/metrics-text.ts';
import { type CodeServer, startCodeServer, type Tree, writeTree } from './code-server.ts';
import {
  EMBEDDING_KEY,
  type EmbeddingServer,
  garbage,
  refusing,
  silence,
  startEmbeddingServer,
  status,
  vectors,
  wider,
} from './embedding-server.ts';

const TEST_MS = 120_000;
/** A ranking by words waits 0.4 s for meaning; far below what a hanging endpoint would cost. */
const IN_TIME_MS = 3_000;

const TREE: Tree = {
  'src/load.ts': 'export function download(url: string) {\n  // retrieve what is there\n  return url;\n}\n',
  'src/clean.ts': 'export function eraseAll() {\n  // remove and erase\n}\n',
  'src/pay.py': 'def bill():\n    """A receipt."""\n    return 1\n',
  'src/other.ts': 'export const nothing = 0;\n',
};

let endpoint: EmbeddingServer;
let work: string;
let server: CodeServer | undefined;

beforeEach(async () => {
  endpoint = await startEmbeddingServer();
  work = mkdtempSync(join(tmpdir(), 'quayside-semantic-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await endpoint.close();
  rmSync(work, { recursive: true, force: true });
}, TEST_MS);

async function start(more = '', options: { readonly data?: string } = {}): Promise<CodeServer> {
  const semantic = `semantic: { baseUrl: ${JSON.stringify(endpoint.baseUrl)}, model: test-embed, apiKey: ${EMBEDDING_KEY}, retries: 0${more} }`;
  server = await startCodeServer(TREE, { options: semantic, root: join(work, 'tree'), ...options });
  return server;
}

interface SemanticFacts {
  readonly state: string;
  readonly pending: number;
  readonly files: number;
  readonly chunks: number;
  readonly problem: string | null;
}

async function facts(of: CodeServer): Promise<SemanticFacts> {
  const { repositories } = await of.call('get_status');
  return (repositories[0] as unknown as { readonly semantic: SemanticFacts }).semantic;
}

const untilReady = (of: CodeServer) =>
  expect.poll(async () => (await facts(of)).state, { timeout: 60_000 }).toBe('ready');

async function files(of: CodeServer, args: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  return (await of.call('search_code', args)).results.map(({ file }) => file);
}

/** What a search says of itself. */
async function told(of: CodeServer, args: Readonly<Record<string, unknown>>) {
  const { structuredContent } = await of.client.callTool({ name: 'search_code', arguments: args });
  return structuredContent as {
    readonly note?: string;
    readonly results: readonly { readonly file: string }[];
    readonly request_metadata: { readonly semantic?: { readonly used: boolean; readonly hint?: string } };
  };
}

test(
  'P39: semantic search finds what means the same in other words, by cosine, with filters held before the ranking',
  async () => {
    const own = await start();
    await untilReady(own);
    const answer = await own.call('search_code', { query: 'fetch', semantic: true });
    expect(answer.results[0]).toMatchObject({ file: 'src/load.ts', line: 1, match_type: 'semantic' });
    const scores = answer.results.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    // No constant score: what says it twice is nearer than what does not say it.
    expect(new Set(scores).size).toBeGreaterThan(1);
    expect(scores[0]).toBeGreaterThan(0.9);
    const narrow = { query: 'fetch', search_type: 'semantic', limit: 1 };
    expect(await files(own, { ...narrow, language: 'python' })).toEqual(['src/pay.py']);
    expect(await files(own, { ...narrow, file_pattern: 'src/o*.ts' })).toEqual(['src/other.ts']);
    expect(await files(own, { ...narrow, query: 'invoice' })).toEqual(['src/pay.py']);
    expect((await own.call('get_status')).repositories[0]).toMatchObject({
      semantic: { state: 'ready', pending: 0, files: 4, problem: null },
    });
  },
  TEST_MS,
);

test(
  'P39: hybrid fuses words and meaning by reciprocal rank, and says that it did',
  async () => {
    const own = await start();
    await untilReady(own);
    // No file holds the word, two hold the other one: only meaning knows of the first.
    const answer = await told(own, { query: 'fetch nothing', search_type: 'hybrid' });
    expect(answer.results.map(({ file }) => file)).toContain('src/load.ts');
    expect(answer.results[0]?.file).toBe('src/other.ts');
    expect(answer.request_metadata.semantic).toMatchObject({ used: true });
    expect(answer.note).toBeUndefined();
    // The same words both times: one question to the model.
    const before = endpoint.requests.length;
    await told(own, { query: 'fetch nothing', search_type: 'hybrid' });
    expect(endpoint.requests.length).toBe(before);
  },
  TEST_MS,
);

test(
  'P41: a text is embedded once, whatever its names, changes of others and restarts; a removed one is found no more',
  async () => {
    const data = join(work, 'data');
    const own = await start('', { data });
    await untilReady(own);
    const sent = endpoint.texts().length;
    expect(sent).toBe(4);
    writeTree(own.root, {
      'src/copy.ts': TREE['src/load.ts'] ?? '',
      'src/new.ts': 'export const pause = 1;\n',
    });
    await own.call('index_project');
    await expect
      .poll(() => files(own, { query: 'sleep', semantic: true, limit: 1 }).catch(String), {
        timeout: 60_000,
      })
      .toEqual(['src/new.ts']);
    // One new text and one question.
    expect(endpoint.texts().length).toBe(sent + 2);
    expect((await files(own, { query: 'fetch', semantic: true, limit: 2 })).toSorted()).toEqual([
      'src/copy.ts',
      'src/load.ts',
    ]);
    rmSync(join(own.root, 'src/new.ts'));
    await own.call('index_project');
    await expect
      .poll(() => files(own, { query: 'sleep', semantic: true }).catch(String), { timeout: 60_000 })
      .not.toContain('src/new.ts');
    await own.close();
    const before = endpoint.texts().length;
    const again = await start('', { data });
    await untilReady(again);
    expect(endpoint.texts().length).toBe(before);
  },
  TEST_MS,
);

test.each([
  ['is silent', silence],
  ['is down', status(503)],
  ['limits', status(429, { 'retry-after': '60' })],
  ['answers garbage', garbage('not json')],
  ['answers another dimension', wider(3)],
] as const)(
  'P39: an endpoint that %s never keeps an answer by words from coming in time',
  async (_, fault) => {
    const own = await start();
    await untilReady(own);
    endpoint.answer(fault);
    const asked = endpoint.requests.length;
    for (const question of ['download unheard', 'download again']) {
      const started = performance.now();
      const { results, note, request_metadata } = await told(own, { query: question, search_type: 'hybrid' });
      expect(performance.now() - started).toBeLessThan(IN_TIME_MS);
      expect(results.map(({ file }) => file)).toEqual(['src/load.ts']);
      expect(note).toMatch(/^Semantic search is unavailable, and the ranking is lexical: /);
      expect(note).not.toContain(EMBEDDING_KEY);
      expect(request_metadata.semantic).toMatchObject({ used: false });
    }
    expect(endpoint.requests.length).toBeGreaterThan(asked);
    const refused = await own.refused('search_code', { query: 'unheard of', semantic: true });
    expect(refused.code).toBe('semantic_search_failed');
    // Lines never ask a model.
    const before = endpoint.requests.length;
    expect(await files(own, { query: 'download' })).toEqual(['src/load.ts']);
    expect(endpoint.requests.length).toBe(before);
  },
  TEST_MS,
);

test(
  'P41: vectors are made in batches, after faults again, and a text that the model refuses costs no other its own',
  async () => {
    let failures = 0;
    endpoint.answer((body, response) => {
      failures++;
      (failures <= 2 ? status(429, { 'retry-after': '1' }) : refusing('nothing'))(body, response);
    });
    const own = await start(', batchSize: 2');
    await expect.poll(async () => (await facts(own)).problem, { timeout: 60_000 }).toMatch(/429/);
    const early = await own.refused('search_code', { query: 'fetch', semantic: true });
    expect([early.code, early.semantic_state]).toEqual(['semantic_not_ready', 'vectors_missing']);
    await expect.poll(async () => (await facts(own)).pending, { timeout: 60_000 }).toBe(0);
    expect(Math.max(...endpoint.requests.map(({ input }) => input.length))).toBe(2);
    endpoint.answer(vectors);
    // The refused text is missing, and no other one; a ranking by words uses what there is.
    const { results, request_metadata } = await told(own, { query: 'fetch erase', search_type: 'hybrid' });
    expect(results.map(({ file }) => file)).toEqual(expect.arrayContaining(['src/load.ts', 'src/clean.ts']));
    expect(request_metadata.semantic).toMatchObject({ used: true, missing: 0 });
    const metrics = await (await fetch(`${own.product.origin}/metrics`)).text();
    const embedded = (result: string) =>
      metricSum(metrics, 'quayside_code_embedded_chunks_total', { result });
    expect([embedded('success'), embedded('refused')]).toEqual([3, 1]);
    expect(embedded('failed')).toBeGreaterThan(0);
    expect(metricSum(metrics, 'quayside_code_semantic_searches_total', { result: 'used' })).toBe(1);
  },
  TEST_MS,
);

test(
  'P41: a model that makes other vectors under the same name is said to be, and nothing is mixed',
  async () => {
    const own = await start();
    await untilReady(own);
    endpoint.answer(wider(2));
    writeTree(own.root, { 'src/late.ts': 'export const pause = 1;\n' });
    await own.call('index_project');
    await expect
      .poll(async () => (await facts(own)).state, { timeout: 60_000 })
      .toBe('vector_dimension_mismatch');
    expect((await facts(own)).problem).toContain('give its dimension in packs.code.semantic');
  },
  TEST_MS,
);

test(
  'N9: secrets and ignored files are sent to no model, and what goes takes its vectors along',
  async () => {
    writeTree(join(work, 'tree'), {
      '.gitignore': 'private/\n',
      'private/own.ts': 'export const planted_private = 1;\n',
      '.env': 'PLANTED_SECRET=1\n',
      'key.pem': '-----BEGIN PRIVATE KEY-----\nplanted_key\n',
    });
    const data = join(work, 'data');
    writeTree(join(work, 'sample'), { 'a.ts': 'export const credential = 1;\n' });
    const own = await start(` }, references: { roots: [${JSON.stringify(work)}]`, { data });
    await untilReady(own);
    await own.call('add_reference_repository', { path: join(work, 'sample'), name: 'sample' });
    const named = { query: 'password', semantic: true, repository: 'sample' };
    await expect.poll(() => files(own, named).catch(String), { timeout: 60_000 }).toEqual(['a.ts']);
    expect(endpoint.texts().join('\n')).not.toMatch(/planted/i);
    const { repositories } = await own.call('list_repositories');
    const id = repositories.find(({ name }) => name === 'sample')?.id;
    const kept = join(data, 'code', 'added', String(id));
    expect(readdirSync(kept)).toHaveLength(1);
    const stats = await own.client.callTool({ name: 'repository_stats', arguments: { repository_id: id } });
    expect(stats.structuredContent).toMatchObject({ embedding_count: 1 });
    const wish = { repository_ids: [id] };
    for (const dry_run of [true, false])
      expect(
        (await own.client.callTool({ name: 'cleanup_repositories', arguments: { ...wish, dry_run } }))
          .structuredContent,
      ).toMatchObject({ total_removed: { repositories: 1, files: 1, embeddings: 1 } });
    await expect.poll(() => existsSync(kept), { timeout: 10_000 }).toBe(false);
  },
  TEST_MS,
);
