// Clients that need an installation of their own, against what `npm start` serves.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureShopDatabase } from '../../examples/shop/shop-database.ts';
import { installForeignClients, tourWith } from '../support/foreign-clients.ts';
import { PROJECT, type Product, SAMPLE_DEFINITION, startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { expectedTour } from '../support/sample-tour.ts';

const TIMEOUT_MS = 120_000;

const complaint = await installForeignClients();
const areInstalled = requires.that(
  complaint === undefined,
  `the clients of test/clients cannot be installed: ${complaint}`,
);

let product: Product;
const folder = mkdtempSync(join(tmpdir(), 'quayside-variant-'));

describe.skipIf(!areInstalled)('with an installation of their own', () => {
  beforeAll(async () => {
    product = await startProduct({ definition: 'sample' });
  }, TIMEOUT_MS);

  afterAll(() => product?.stop(), TIMEOUT_MS);

  test(
    "P10: LangChain's adapters list and call everything",
    async () => {
      expect(await tourWith('langchain.ts', withBearer(product.url))).toEqual(expectedTour());
    },
    TIMEOUT_MS,
  );

  test(
    'P10: the SDK of the legacy revisions lists and calls everything',
    async () => {
      expect(await tourWith('sdk-v1.ts', withBearer(product.url))).toEqual(expectedTour());
    },
    TIMEOUT_MS,
  );

  test(
    'P13: the SDK of the legacy revisions is refused without the key',
    async () => {
      await expect(tourWith('sdk-v1.ts', { url: product.url, headers: {} })).rejects.toThrow(
        /401|nauthori[sz]ed/,
      );
    },
    TIMEOUT_MS,
  );

  test('HTTP+SSE is off unless the definition switches it on', async () => {
    const answer = await fetch(`${product.origin}/sse`, { headers: withBearer('').headers });
    expect(answer.status).toBe(404);
    await answer.body?.cancel();
  });
});

describe.skipIf(!areInstalled)('with transport.sse', () => {
  let withSse: Product;

  beforeAll(async () => {
    const path = copySample('transport: { sse: true }');
    withSse = await startProduct({ definition: { path }, withSampleApi: true });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await withSse?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, TIMEOUT_MS);

  test(
    'P10: the SDK of the legacy revisions lists and calls everything over HTTP+SSE',
    async () => {
      const headers = { Authorization: `Bearer ${withSse.key}` };
      expect(await tourWith('sdk-v1.ts', { url: `${withSse.origin}/sse`, headers })).toEqual(expectedTour());
    },
    TIMEOUT_MS,
  );
});

function withBearer(url: string) {
  return { url, headers: { Authorization: `Bearer ${product.key}` } };
}

/** The sample in a folder of its own, with `line` added to its definition; the path of that. */
function copySample(line: string): string {
  for (const name of ['README.md', 'ARCHITECTURE.md', 'docs', 'examples']) {
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  }
  ensureShopDatabase(join(folder, 'examples', 'shop', 'shop.db'));
  const path = join(folder, 'quayside.yaml');
  writeFileSync(path, `${readFileSync(SAMPLE_DEFINITION, 'utf8')}\n${line}\n`);
  return path;
}
