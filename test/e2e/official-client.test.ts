// The official client in both eras, over HTTP and over stdio, against what `npm start` serves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalApi, startLocalApi } from '../../examples/local-api/local-api.ts';
import { runProcess } from '../support/finished-process.ts';
import { CLIENT_MODES, connectHttp, connectStdio, touring } from '../support/official-client.ts';
import { MAIN, type Product, SAMPLE_DEFINITION, startProduct } from '../support/product.ts';
import { expectedTour, SAMPLE_CALLS, tour } from '../support/sample-tour.ts';

/** Each mode starts processes and makes some twenty requests on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

let product: Product;
let sampleApi: LocalApi;
let data: string;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'quayside-stdio-'));
  sampleApi = await startLocalApi({ port: 0 });
  product = await startProduct({ definition: 'sample', env: { SAMPLE_API_URL: sampleApi.url } });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  await sampleApi?.close();
  rmSync(data, { recursive: true, force: true });
}, TIMEOUT_MS);

/** As a desktop client would start it; the sample API is where the file expects it unless it is told otherwise. */
const stdioTarget = () => ({
  words: ['stdio', SAMPLE_DEFINITION, '--data', data],
  env: { SAMPLE_API_URL: sampleApi.url },
});

describe('the official client', () => {
  test.each(CLIENT_MODES)(
    'P10: in %s mode over HTTP lists and calls everything',
    async (mode) => {
      const client = await connectHttp(product, mode);
      expect(client.getProtocolEra()).toBe(mode === 'legacy' ? 'legacy' : 'modern');
      expect(await tour(touring(client))).toEqual(expectedTour());
      await client.close();
    },
    TIMEOUT_MS,
  );

  test.each(CLIENT_MODES)(
    'P10: in %s mode over stdio lists and calls everything, and reads nothing but protocol',
    async (mode) => {
      const { client, errors } = await connectStdio(stdioTarget(), mode);
      expect(client.getProtocolEra()).toBe(mode === 'legacy' ? 'legacy' : 'modern');
      expect(await tour(touring(client))).toEqual(expectedTour());
      await client.close();
      expect(errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(['legacy', 'modern'] as const)(
    'P10: in %s mode gets the same results over stdio as over HTTP',
    async (mode) => {
      const http = await connectHttp(product, mode);
      const { client: stdio } = await connectStdio(stdioTarget(), mode);
      expect(stdio.getServerVersion()).toEqual(http.getServerVersion());
      expect(stdio.getServerCapabilities()).toEqual(http.getServerCapabilities());
      expect(stdio.getInstructions()).toEqual(http.getInstructions());
      expect(await stdio.listTools()).toEqual(await http.listTools());
      expect(await stdio.listPrompts()).toEqual(await http.listPrompts());
      expect(await stdio.listResources()).toEqual(await http.listResources());
      for (const [name, args] of Object.entries(SAMPLE_CALLS)) {
        const call = { name, arguments: args };
        expect(await stdio.callTool(call), name).toEqual(await http.callTool(call));
      }
      const wrong = { name: 'delivery_date', arguments: { placed_on: 'soon', working_days: 0 } };
      const refused = await stdio.callTool(wrong);
      expect(refused.isError).toBe(true);
      expect(refused).toEqual(await http.callTool(wrong));
      const unknown = { name: 'no_such_tool', arguments: {} };
      const failure = await stdio.callTool(unknown).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: -32602 });
      expect(failure).toEqual(await http.callTool(unknown).catch((error: unknown) => error));
      await Promise.all([http.close(), stdio.close()]);
    },
    TIMEOUT_MS,
  );
});

test(
  'P10: stdout of stdio carries one JSON-RPC message per line and nothing else, stderr the log',
  async () => {
    const lines = [
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'lines', version: '1' },
        },
      },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 2, method: 'tools/list' },
      {
        jsonrpc: '2.0',
        id: 3,
        method: 'tools/call',
        params: { name: 'delivery_date', arguments: SAMPLE_CALLS.delivery_date },
      },
      { jsonrpc: '2.0', id: 4, method: 'no/such/method' },
    ];
    const input = `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnot JSON\n`;
    const { words, env } = stdioTarget();
    const { out, err, code } = await runProcess(process.execPath, [MAIN, ...words], {
      input,
      env: { ...env, LOG_LEVEL: 'debug' },
    });
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
    expect(new Set(answers.filter(({ id }) => typeof id === 'number').map(({ id }) => id))).toEqual(
      new Set([1, 2, 3, 4]),
    );
    expect(err).toContain('"message":');
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);
