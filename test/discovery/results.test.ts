// What a model reads of results: never more than limits.maxResultSize, whatever made them, and only the fields asked for.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, call } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const LIMIT = 4000;

let workspace: Workspace;
let product: Product;
let api: Server;
beforeAll(async () => {
  api = createServer((_, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ text: 'x'.repeat(LIMIT) }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => api.once('listening', resolve));
  const { port } = api.address() as AddressInfo;
  workspace = createWorkspace({
    'quayside.yaml': `
name: results
version: 1.0.0
databases: { main: { url: "sqlite:./a.db" } }
limits: { maxResultSize: ${LIMIT} }
tools:
  long_file: { description: A long text., input: {}, file: ./long.ts }
  long_http: { description: A long answer., input: {}, http: "GET http://127.0.0.1:${port}/long" }
  long_sql: { description: Many rows., input: {}, database: main, sql: "SELECT i, t FROM n" }
  orders: { description: Orders of a customer., input: {}, file: ./orders.ts, fields: [total, items.sku] }
security: { rateLimit: { enabled: false } }
`,
    'long.ts': `export default () => 'é'.repeat(${LIMIT / 2 + 1});\n`,
    'orders.ts':
      'export default () => ({ total: 3, note: "n", items: [{ sku: "a", price: 1 }, { sku: "b", price: 2 }] });\n',
  });
  const database = new DatabaseSync(join(workspace.directory, 'a.db'));
  database.exec(
    "CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, 'a text' AS t FROM n",
  );
  database.close();
  product = await startProduct({ definition: { path: workspace.definition } });
}, 60_000);
afterAll(async () => {
  await product.stop();
  workspace.remove();
  api.close();
});

async function resultOf(name: string): Promise<Readonly<Record<string, unknown>>> {
  const { result } = await answerOf(
    await call(product.url, undefined, 'tools/call', { name, arguments: {} }),
  );
  return result ?? {};
}

test.each(['long_file', 'long_http'])('%s: a result that is too large is refused in words', async (name) => {
  expect(await resultOf(name)).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining(`larger than limits.maxResultSize (${LIMIT} bytes)`) }],
    _meta: { error: { code: 'HANDLER_OUTPUT_ERROR' } },
  });
});

test('long_sql: rows beyond the limit are left out, and the result says so', async () => {
  const result = await resultOf('long_sql');
  expect(result.isError).not.toBe(true);
  expect(JSON.stringify(result).length).toBeLessThan(LIMIT * 1.5);
  expect(JSON.stringify(result)).toContain('truncated');
});

test('fields: only what the paths lead to is sent, as text and as structured content', async () => {
  const kept = { total: 3, items: [{ sku: 'a' }, { sku: 'b' }] };
  const { content, structuredContent } = await resultOf('orders');
  expect(structuredContent).toEqual(kept);
  expect(JSON.parse((content as readonly { readonly text: string }[])[0]?.text ?? '')).toEqual(kept);
});
