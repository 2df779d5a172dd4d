// What `npm start` serves: this repository, indexed by itself, searched by a client that has only the printed snippet.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;

beforeAll(async () => {
  product = await startProduct({ definition: 'sample', report: 'text' });
}, 90_000);
afterAll(() => product?.stop(), 30_000);

test('P39 P40: the printed snippet reaches search_code, lookup_symbol and find_references over this repository', async () => {
  const snippet = /^For your MCP client:\n([\s\S]*?)\n\nTry it:$/m.exec(product.report)?.[1] ?? '';
  const { url, headers } = JSON.parse(snippet).mcpServers.quayside;
  const key = /^Bearer (qs_\S+)$/.exec(headers.Authorization)?.[1];
  const client = await connectHttp({ url, key }, 'legacy');
  const call = async (name: string, args: Readonly<Record<string, unknown>>) => {
    const { isError, structuredContent } = await client.callTool({ name, arguments: args });
    // The first index of a slow machine takes longer than a query waits, and a refusal says so.
    return isError === true ? 'not ready yet' : structuredContent;
  };
  try {
    await expect
      .poll(() => call('search_code', { query: 'function createCodePack(', file_pattern: 'src/**' }), {
        timeout: 60_000,
        interval: 200,
      })
      .toMatchObject({ total_found: 1, results: [{ file: 'src/packs/code/code-pack.ts' }] });
    await expect
      .poll(() => call('lookup_symbol', { symbol: 'createCodePack' }), { timeout: 60_000, interval: 200 })
      .toMatchObject({ kind: 'function', defined_in: 'src/packs/code/code-pack.ts' });
    const references = await call('find_references', {
      symbol: 'createCodePack',
      file_pattern: 'src/app/**',
    });
    expect(references).toMatchObject({ references: [{ file_path: 'src/app/packs.ts' }, {}] });
  } finally {
    await client.close();
  }
}, 150_000);
