// The commands of the README, run as they are printed against the definition that they name.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runShell } from '../support/curl.ts';
import { call, statusWithin } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { expectedTour } from '../support/sample-tour.ts';
import { commandsOf } from '../tidy/markdown.ts';
import { root } from '../tidy/source-tree.ts';

/** The address that the README prints; the test's own server has another port. */
const printedOrigin = 'http://127.0.0.1:3000';

/** Commands are processes, and the machine may be busy. */
const TIMEOUT_MS = 60_000;
/** A new key works on a running server within a second. */
const NOTICED_WITHIN_MS = 1_000;

/** The first two, whatever the limit. */
const bestSellers = expectedTour().answers.best_sellers as { readonly rows: readonly object[] };

const commands = commandsOf(readFileSync(join(root, 'README.md'), 'utf8'));

let product: Product;

describe.skipIf(!requires.tool('curl') || !requires.tool('bash'))('the commands of the README', () => {
  beforeAll(async () => {
    product = await startProduct({ definition: 'sample' });
  }, TIMEOUT_MS);

  afterAll(() => product?.stop(), TIMEOUT_MS);

  test('list the tools', async () => {
    const { out } = await run(command('tools/list'));
    const names = JSON.parse(out).result.tools.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expectedTour().tools);
  });

  test('call a tool', async () => {
    const { result } = JSON.parse((await run(command('tools/call'))).out);
    expect(result.isError).not.toBe(true);
    const { rows } = JSON.parse(result.content[0].text);
    expect(rows).toHaveLength(3);
    expect(rows.slice(0, 2)).toEqual(bestSellers.rows);
  });

  test(
    'check the definition',
    async () => {
      expect((await run(command('bin/quayside validate'))).code).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    'make another key',
    async () => {
      const { out, code } = await run(command('bin/quayside keys create'));
      expect(code).toBe(0);
      const key = /^qs_[\w-]{20,}$/m.exec(out)?.[0];
      const ask = () => call(product.url, key, 'tools/list');
      expect(await statusWithin(NOTICED_WITHIN_MS, 200, ask)).toBe(200);
    },
    TIMEOUT_MS,
  );

  test(
    'serve over standard input and output',
    async () => {
      const ask = { jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams };
      const { out } = await run(`echo '${JSON.stringify(ask)}' | ${command('bin/quayside stdio')}`);
      expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({
        id: 1,
        result: { protocolVersion: '2025-11-25' },
      });
    },
    TIMEOUT_MS,
  );
});

const initializeParams = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'readme', version: '1.0.0' },
};

/** The one printed command that contains `part`. */
function command(part: string): string {
  const found = commands.filter((line) => line.includes(part));
  expect(found, part).toHaveLength(1);
  return found[0] ?? '';
}

function run(line: string) {
  // The command finds its Node through the PATH, as a user's does.
  const PATH = `${join(process.execPath, '..')}:${process.env.PATH}`;
  const env = { PATH, KEY: product.key, QUAYSIDE_DATA_DIR: product.data };
  return runShell(line.replaceAll(printedOrigin, product.origin), { cwd: root, env });
}
