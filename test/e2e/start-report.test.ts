// What the first start prints is used as it is printed; what a second start prints shows no key.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runShell } from '../support/curl.ts';
import { runQuayside } from '../support/finished-process.ts';
import { runInspector } from '../support/inspector.ts';
import { CLIENT_MODES, connectHttp, touring } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { expectedTour, tour } from '../support/sample-tour.ts';

const TIMEOUT_MS = 120_000;

let folder: string;
let product: Product;
let snippet: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-report-'));
  product = await startProduct({ definition: 'sample', report: 'text', data: join(folder, 'data') });
  snippet = /^For your MCP client:\n([\s\S]*?)\n\nTry it:$/m.exec(product.report)?.[1] ?? '';
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('the first start', () => {
  test('prints URL and key', () => {
    expect(product.report).toContain(`\nURL  http://127.0.0.1:`);
    expect(product.key).toMatch(/^qs_[A-Za-z0-9]{8}_[\w-]{40,}$/);
  });

  test.each(CLIENT_MODES)(
    'P10: the printed snippet serves the official client in %s mode',
    async (mode) => {
      const { url, headers } = JSON.parse(snippet).mcpServers.quayside;
      const client = await connectHttp({ url, key: headers.Authorization.replace('Bearer ', '') }, mode);
      expect(await tour(touring(client))).toEqual(expectedTour());
      await client.close();
    },
    TIMEOUT_MS,
  );

  test.each(['legacy', 'modern'])(
    'P10: the printed snippet serves the Inspector in the %s era as its configuration file',
    async (era) => {
      const config = join(folder, 'mcp.json');
      writeFileSync(config, snippet);
      const server = ['--config', config, '--server', 'quayside', '--protocol-era', era];
      const { out, err, code } = await runInspector([...server, '--method', 'tools/list'], folder);
      expect(code, err).toBe(0);
      expect(JSON.parse(out).result.tools.map(({ name }: { name: string }) => name)).toEqual(
        expectedTour().tools,
      );
    },
    TIMEOUT_MS,
  );

  test.skipIf(!requires.tool('curl'))('the printed curl line lists the tools', async () => {
    const line = /^curl .*$/m.exec(product.report)?.[0] ?? '';
    const { out } = await runShell(line);
    expect(JSON.parse(out).result.tools.map(({ name }: { name: string }) => name)).toEqual(
      expectedTour().tools,
    );
  });

  test('P12: keeps only the hash of the key, in files that only their owner can read', async () => {
    const secret = product.key?.slice('qs_12345678_'.length) ?? '';
    expect(secret).not.toBe('');
    const data = join(folder, 'data');
    const files = readdirSync(data).filter((name) => name.startsWith('quayside.db'));
    expect(files).toContain('quayside.db');
    for (const name of files) {
      expect(readFileSync(join(data, name)).includes(secret), name).toBe(false);
      if (process.platform !== 'win32')
        expect([name, statSync(join(data, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    const { out } = await runQuayside(['keys', 'list', '--json', '--data', data]);
    expect(JSON.parse(out)).toMatchObject([{ name: 'first start', state: 'valid', tenant_id: 'default' }]);
  });

  test('P12: writes the key nowhere else', async () => {
    expect(await product.wholeLog()).not.toContain(product.key);
  });
});

test(
  'P12: a second start prints the id of the key, how to make another, and no key',
  async () => {
    const second = await startProduct({ definition: 'sample', report: 'text', data: join(folder, 'data') });
    try {
      const id = product.key?.slice(3, 11);
      expect(second.report).toContain(`Key  qs_${id}_... (make another: bin/quayside keys create <name>)`);
      expect(second.report).not.toContain(product.key);
      expect(second.report).toContain('"Authorization": "Bearer <your key>"');
      // The key of the first start opens the second as well.
      const client = await connectHttp({ url: second.url, key: product.key }, 'modern');
      expect((await client.listTools()).tools).toHaveLength(expectedTour().tools.length);
      await client.close();
    } finally {
      await second.stop();
    }
  },
  TIMEOUT_MS,
);
