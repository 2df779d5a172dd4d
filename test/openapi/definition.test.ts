// `openapi` of a definition: loaded, served, followed when the file changes, and never a way to the server's secrets.
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { loadDefinitions, loadText } from '../../src/definition/load.ts';
import { answerOk, startLocalServer } from '../http-handler/local-server.ts';
import { connectHttp } from '../support/official-client.ts';
import { startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;

let workspace: Workspace | undefined;
afterEach(() => {
  workspace?.remove();
  workspace = undefined;
});

const description = (paths: object) =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1' },
    servers: [{ url: 'http://169.254.169.254' }],
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
    paths,
  });
const read = {
  operationId: 'pets',
  parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' } }],
};
const definition = (more: string) =>
  `name: pets\nversion: 1.0.0\nopenapi:\n  api: { document: ./api.json, ${more} }\n`;

async function load(more: string, paths: object = { '/pets': { get: read, post: {} } }, env = {}) {
  workspace = createWorkspace({ 'quayside.yaml': definition(more), 'api.json': description(paths) });
  return loadDefinitions(workspace.definition, { env, environment: 'development', purpose: 'serve' });
}

test('operations become tools of the definition, with credentials of its own', async () => {
  const { definitions, errors } = await load(
    'baseUrl: "https://pets.example.com/v1/", credentials: { key: "${PETS_KEY}" }, prefix: my_, timeout: 700',
    { '/pets': { get: { ...read, security: [{ key: [] }] } } },
    { PETS_KEY: 'a-secret-value' },
  );
  expect(errors).toEqual([]);
  const [loaded] = definitions;
  expect(loaded?.definition.tools.map(({ name }) => name)).toEqual(['my_pets']);
  expect(loaded?.definition.tools[0]?.handler).toMatchObject({
    url: 'https://pets.example.com/v1/pets',
    headers: { 'X-Key': 'a-secret-value' },
    timeout: 700,
  });
  expect(loaded?.secretValues).toContain('a-secret-value');
  expect(loaded?.files).toContain(join(workspace?.directory ?? '', 'api.json'));
  expect(loaded?.locate('/tools/0/handler')).toMatchObject({ line: 4 });
});

test('what is sent without a credential, or is no tool, is said at the entry', async () => {
  const { warnings } = await load('baseUrl: "https://pets.example.com", methods: [GET, POST]', {
    '/pets': { get: { ...read, security: [{ key: [] }] } },
    '/photo': {
      post: {
        requestBody: {
          required: true,
          content: { 'application/x-protobuf': { schema: { type: 'object' } } },
        },
      },
    },
  });
  const texts = warnings.map(({ line, message }) => `${line} ${message}`);
  expect(texts).toContain(
    '4 1 operations become no tools, such as POST /photo: a body of application/x-protobuf has no form here.',
  );
  expect(texts).toContain(
    '4 1 operations are sent without a credential, such as GET /pets: no credential is configured for key; nothing is sent for it.',
  );
});

test.each([
  ['', "The key 'baseUrl' is missing."],
  ['baseUrl: "https://u:p@pets.example.com"', 'The base URL is not a plain http or https address.'],
])('an entry with {%s} is refused', async (more, message) => {
  const { errors } = await load(more === '' ? 'prefix: a' : more);
  expect(errors.map((error) => error.message)).toContain(message);
});

test('a document that is not there is an error of its entry', () => {
  const options = { env: {}, environment: 'development', purpose: 'validate' } as const;
  const { errors } = loadText('/nowhere/a.yaml', definition('baseUrl: "https://pets.example.com"'), options);
  expect(errors).toMatchObject([{ line: 4, column: 20, rule: 'file' }]);
});

test('an untrusted author reads no file by it', async () => {
  workspace = createWorkspace({ 'api.json': description({ '/pets': { get: read } }) });
  const file = join(workspace.directory, 'a.yaml');
  const text = definition('baseUrl: "https://pets.example.com"');
  const options = { env: {}, environment: 'development', purpose: 'serve', trusted: false } as const;
  const { errors, definitions } = loadText(file, text, options);
  expect(errors.map(({ rule }) => rule)).toEqual(['untrusted']);
  expect(definitions).toEqual([]);
});

test(
  'P01: its tools are called, and follow the file',
  async () => {
    const server = await startLocalServer((request, response) => {
      if (request.target.startsWith('/v1/')) answerOk(request, response);
      else response.writeHead(404).end();
    });
    workspace = createWorkspace({
      'quayside.yaml': definition(`baseUrl: "${server.url}/v1"`),
      'api.json': description({ '/pets': { get: read } }),
    });
    const product = await startProduct({ definition: { path: workspace.definition } });
    const client = await connectHttp(product, 'modern');
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    expect(await names()).toEqual(['pets']);
    const { structuredContent } = await client.callTool({ name: 'pets', arguments: { limit: 3 } });
    expect(structuredContent).toEqual({ ok: true });
    expect(server.seen.at(-1)?.target).toBe('/v1/pets?limit=3');
    workspace.write(
      'api.json',
      description({ '/pets': { get: read }, '/toys': { get: { operationId: 'toys' } } }),
    );
    await expect.poll(names, { timeout: 20_000 }).toEqual(['pets', 'toys']);
    await client.close();
    await product.stop();
    await server.close();
  },
  TIMEOUT_MS,
);
