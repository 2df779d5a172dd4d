// The Inspector's command line in both eras, over HTTP and over stdio, against what `npm start` serves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalApi, startLocalApi } from '../../examples/local-api/local-api.ts';
import { runInspector } from '../support/inspector.ts';
import { MAIN, type Product, SAMPLE_DEFINITION, startProduct } from '../support/product.ts';
import { expectedTour, type TourClient, tour } from '../support/sample-tour.ts';

/** Each question to the server is a process of its own, some of them with a server of its own below it. */
const TIMEOUT_MS = 300_000;
const ERAS = ['legacy', 'modern'] as const;

let product: Product;
let sampleApi: LocalApi;
/** Home and state of the Inspector and of the servers that it starts. */
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'quayside-inspector-'));
  sampleApi = await startLocalApi({ port: 0 });
  product = await startProduct({ definition: 'sample', env: { SAMPLE_API_URL: sampleApi.url } });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  await sampleApi?.close();
  rmSync(home, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('the Inspector', () => {
  test.each(ERAS)(
    'P10: in the %s era over HTTP lists and calls everything',
    async (era) => {
      expect(await tour(inspector(overHttp(era)))).toEqual(expectedTour());
    },
    TIMEOUT_MS,
  );

  test.each(ERAS)(
    'P10: in the %s era over stdio lists and calls a tool',
    async (era) => {
      const client = inspector(overStdio(era));
      expect(await client.listTools()).toEqual(expectedTour().tools);
      const answer = await client.callTool('weather', { city: 'Oslo' });
      expect(JSON.parse(answer)).toEqual(expectedTour().answers.weather);
    },
    TIMEOUT_MS,
  );

  test.each(ERAS)(
    'finds no fault in the schemas of the sample tools in the %s era',
    async (era) => {
      const { code, err } = await run([...overHttp(era), '--method', 'tools/list', '--strict']);
      expect(err).toBe('');
      expect(code).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    'P13: without the key is told that authentication is needed',
    async () => {
      const words = [product.url, '--transport', 'http', '--stored-auth-only', '--method', 'tools/list'];
      const { code, out, err } = await run(words);
      expect(code).not.toBe(0);
      expect(out + err).toMatch(/auth_required|401/);
    },
    TIMEOUT_MS,
  );
});

type Era = (typeof ERAS)[number];

function overHttp(era: Era): string[] {
  return [
    product.url,
    '--transport',
    'http',
    '--protocol-era',
    era,
    '--header',
    `Authorization: Bearer ${product.key}`,
  ];
}

function overStdio(era: Era): string[] {
  const server = [process.execPath, MAIN, 'stdio', SAMPLE_DEFINITION];
  const env = [`SAMPLE_API_URL=${sampleApi.url}`, `QUAYSIDE_DATA_DIR=${join(home, 'state')}`];
  return [...server, '--protocol-era', era, ...env.flatMap((entry) => ['-e', entry])];
}

function inspector(target: readonly string[]): TourClient {
  const ask = async (...words: string[]) => {
    const { out, err } = await run([...target, '--method', ...words]);
    const { result } = JSON.parse(out);
    expect(result, `${words.join(' ')}: ${out}${err}`).toBeDefined();
    return result;
  };
  return {
    listTools: async () => (await ask('tools/list')).tools.map(({ name }: { name: string }) => name),
    callTool: async (name, args) =>
      (await ask('tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args))).content[0]
        .text,
    listPrompts: async () => (await ask('prompts/list')).prompts.map(({ name }: { name: string }) => name),
    async getPrompt(name, args) {
      const pairs = Object.entries(args).flatMap(([key, value]) => ['--prompt-args', `${key}=${value}`]);
      return (await ask('prompts/get', '--prompt-name', name, ...pairs)).messages[0].content.text;
    },
    listResources: async () => (await ask('resources/list')).resources.map(({ uri }: { uri: string }) => uri),
    readResource: async (uri) => (await ask('resources/read', '--uri', uri)).contents[0].text,
  };
}

function run(words: readonly string[]) {
  return runInspector(words, home);
}
