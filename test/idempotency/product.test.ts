// The product as it is served: keys work without being configured, and outlive the process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embeddedStore, openStore } from '../../src/store/open-store.ts';
import { systemStatement } from '../../src/store/statement.ts';
import { modern } from '../support/http-endpoint.ts';
import { type Product, startProduct } from '../support/product.ts';
import { definitionOver, startUpstream, type Upstream } from './upstream.ts';

let upstream: Upstream;
let data: string;

beforeAll(async () => {
  upstream = await startUpstream();
  data = mkdtempSync(join(tmpdir(), 'quayside-once-'));
});
afterAll(async () => {
  await upstream?.close();
  rmSync(data, { recursive: true, force: true });
});

const lifetimes = systemStatement<{ lifetime: number }>(
  'test.idempotency_lifetime',
  "SELECT expires_at - created_at AS lifetime FROM idempotency_keys WHERE key = 'brief'",
);

const start = (more = '', env: Readonly<Record<string, string>> = {}) =>
  startProduct({ definition: { yaml: definitionOver(upstream.url, more) }, data, env });
const create = (product: Product, args: Readonly<Record<string, unknown>>) =>
  modern(product.url, { method: 'tools/call', params: { name: 'create', arguments: args } });

test('P20: a call with a key happens once, also across a restart', async () => {
  const first = await start();
  const made = await create(first, { name: 'lasting', idempotency_key: 'lasting' });
  await first.stop();
  const second = await start();
  const again = await create(second, { name: 'lasting', idempotency_key: 'lasting' });
  await second.stop();
  expect(again.json.result.content).toEqual(made.json.result.content);
  expect(again.json.result._meta['quayside/replayed']).toBe(true);
  expect(upstream.effects.filter((name) => name === 'lasting')).toHaveLength(1);
}, 60_000);

test('P20 N1: `required` refuses a call without a key and says how to repair it; `none` lists and takes none', async () => {
  const strict = await start('idempotency: { mode: required, argument: once }');
  const refused = await create(strict, { name: 'keyless' });
  expect(refused.json.result).toMatchObject({
    isError: true,
    _meta: { error: { type: 'validation', issues: [{ field: 'once', received: 'nothing' }] } },
  });
  expect(refused.json.result._meta.error.issues[0].fix).toContain('Add once');
  expect((await create(strict, { name: 'keyed', once: 'k' })).json.result.isError).toBeUndefined();
  await strict.stop();
  const open = await start('idempotency: { mode: none }');
  const { json } = await modern(open.url, { method: 'tools/list' });
  const listed = json.result.tools.find(({ name }: { name: string }) => name === 'create');
  expect(Object.keys(listed.inputSchema.properties)).toEqual(['name', 'size']);
  await open.stop();
  expect(upstream.effects).not.toContain('keyless');
}, 60_000);

test('P20: every kind of handler can find out what became of a call', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-reconcile-'));
  writeFileSync(
    join(directory, 'look.mjs'),
    `export async function created({ name, idempotency_key }, context) {
       if (context.idempotencyKey !== idempotency_key) throw new Error('the key is missing');
       return name === 'never' ? null : { name, by: 'file' };
     }`,
  );
  const database = new DatabaseSync(join(directory, 'things.db'));
  database.exec("CREATE TABLE things (name TEXT, key TEXT); INSERT INTO things VALUES ('sql', 'key-sql')");
  database.close();
  const kinds = {
    http: `{ type: http, url: "${upstream.url}/things/\${args.name}" }`,
    file: `{ type: file, path: ${join(directory, 'look.mjs')}, export: created }`,
    inline: '"(args) => ({ name: args.name, by: args.idempotency_key })"',
    sql: '{ type: sql, database: things, result: first, statement: "SELECT name FROM things WHERE key = :idempotency_key" }',
  };
  const tools = Object.entries(kinds).map(
    ([kind, reconcile]) => `
  create_${kind}:
    description: Creates a thing.
    input: { name: string }
    http: POST ${upstream.url}/things
    idempotency: { reconcile: ${reconcile} }`,
  );
  const yaml = `
name: once
version: 1.0.0
databases: { things: { url: "sqlite:${join(directory, 'things.db')}" } }
tools:${tools.join('')}
`;
  const product = await startProduct({ definition: { yaml }, data });
  const createBy = (kind: string, name: string) =>
    modern(product.url, {
      method: 'tools/call',
      params: { name: `create_${kind}`, arguments: { name, idempotency_key: `key-${name}` } },
    });
  upstream.behave('break');
  for (const kind of Object.keys(kinds)) await createBy(kind, kind);
  upstream.behave('lose');
  for (const kind of ['http', 'file', 'sql']) await createBy(kind, 'never');
  upstream.behave('answer');
  const found = await Promise.all(
    Object.keys(kinds).map(async (kind) => (await createBy(kind, kind)).json.result.structuredContent),
  );
  const open = await Promise.all(
    ['http', 'file', 'sql'].map(async (kind) => (await createBy(kind, 'never')).json.error.data),
  );
  await product.stop();
  rmSync(directory, { recursive: true, force: true });
  expect(found).toEqual([
    { number: upstream.effects.indexOf('http') + 1, name: 'http' },
    { name: 'file', by: 'file' },
    { name: 'inline', by: 'key-inline' },
    { row: { name: 'sql' } },
  ]);
  expect(upstream.effects.filter((name) => Object.hasOwn(kinds, name))).toHaveLength(4);
  expect(open).toEqual(open.map(() => expect.objectContaining({ outcome: 'unknown', retry_after: 10 })));
}, 60_000);

test('P20 P78: a key is kept for IDEMPOTENCY_TTL_HOURS', async () => {
  const product = await start('', { IDEMPOTENCY_TTL_HOURS: '2' });
  await create(product, { name: 'brief', idempotency_key: 'brief' });
  await product.stop();
  const store = await openStore(embeddedStore(data));
  const rows = await store.read('system', lifetimes, {});
  await store.close();
  expect(rows).toEqual([{ lifetime: 2 * 3_600_000 }]);
}, 60_000);
