// Uploads of imported APIs: what a description says of files and forms reaches a server that parses them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FormServer, startFormServer } from '../support/form-server.ts';
import { startMockApi } from '../support/mock-api.ts';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
const PNG = Buffer.from('89504e470d0a1a0a0000ff00', 'hex');
const FILE = PNG.toString('base64');

const responses = { 200: { description: 'ok' } };
const binary = { type: 'string', format: 'binary' };
const post = (operationId: string, content: object) => ({
  post: { operationId, requestBody: { required: true, content }, responses },
});
const multipart = (properties: object, more: object = {}, encoding: object = {}) => ({
  'multipart/form-data': { schema: { type: 'object', properties, ...more }, encoding },
});
const paths = {
  '/photos': post(
    'add_photo',
    multipart(
      {
        title: { type: 'string' },
        photo: { ...binary, description: 'The photo', maxLength: 14 },
        more: { type: 'array', items: { $ref: '#/components/schemas/Bytes' } },
        meta: { type: 'object', properties: { place: { type: 'string' } } },
        tags: { type: 'array', items: { type: 'string' } },
      },
      { required: ['photo'] },
      { photo: { contentType: 'image/png' }, more: { contentType: 'image/png, image/jpeg' } },
    ),
  ),
  '/either': post('either', {
    'application/x-www-form-urlencoded': {
      schema: { type: 'object', properties: { a: { type: 'string' } } },
    },
    ...multipart({ a: { type: 'string' }, file: binary }),
  }),
  '/plain': post('plain', {
    'application/x-www-form-urlencoded': {
      schema: { type: 'object', properties: { a: { type: 'string' } } },
    },
    ...multipart({ a: { type: 'string' } }),
  }),
  '/raw': post('raw', { 'image/png': { schema: binary } }),
  '/mixed': post('mixed', {
    'multipart/mixed': {
      schema: {
        type: 'object',
        properties: { meta: { type: 'object' }, note: { type: 'string' }, photo: binary },
      },
      encoding: { photo: { contentType: 'image/png' } },
    },
  }),
  '/open-form': post('open_form', { 'multipart/form-data': { schema: { type: 'object' } } }),
  '/xml': post('xml', {
    'application/xml': { schema: { type: 'object', description: 'A pet.', properties: {} } },
  }),
  '/calendar': post('calendar', { 'application/vnd.calendar': { schema: { type: 'string' } } }),
  '/archive': post('archive', { 'application/zip': {} }),
};
const description = {
  openapi: '3.0.3',
  info: { title: 'Photos', version: '1' },
  components: { schemas: { Bytes: binary } },
  paths,
};
/** The ways in which 3.1 says it. */
const description31 = {
  openapi: '3.1.0',
  info: { title: 'Photos', version: '1' },
  paths: {
    '/new': post(
      'add_new',
      multipart({
        bytes: { contentMediaType: 'image/png' },
        encoded: { type: 'string', contentMediaType: 'image/png', contentEncoding: 'base64' },
      }),
    ),
  },
};
const swagger = {
  swagger: '2.0',
  info: { title: 'Old', version: '1' },
  paths: {
    '/old': {
      post: {
        operationId: 'add_old',
        consumes: ['multipart/form-data'],
        parameters: [
          { name: 'file', in: 'formData', type: 'file', required: true, description: 'A file' },
          { name: 'note', in: 'formData', type: 'string' },
        ],
        responses,
      },
    },
  },
};

let workspace: Workspace;
let server: FormServer;
let product: Product;
let client: Client;

beforeAll(async () => {
  server = await startFormServer();
  const source = (document: string) => ({ document, baseUrl: server.url, methods: ['POST'] });
  workspace = createWorkspace({
    'photos.json': JSON.stringify(description),
    'new.json': JSON.stringify(description31),
    'old.json': JSON.stringify(swagger),
    'quayside.yaml': JSON.stringify({
      name: 'photos',
      version: '1.0.0',
      openapi: { photos: source('./photos.json'), new: source('./new.json'), old: source('./old.json') },
    }),
  });
  product = await startProduct({ definition: { path: workspace.definition } });
  client = await connectHttp(product, 'modern');
}, TIMEOUT_MS);

afterAll(async () => {
  await client?.close();
  await product?.stop();
  await server?.close();
  workspace?.remove();
}, TIMEOUT_MS);

async function call(name: string, body: unknown) {
  const before = server.received.length;
  const result = await client.callTool({ name, arguments: { body } });
  return { result, seen: server.received.slice(before) };
}

const file = (filename: string, type: string) => ({ filename, type, bytes: PNG });

describe('an imported upload', () => {
  test('is described by base64, whatever the version of the description', async () => {
    const { tools } = await client.listTools();
    const properties = (name: string) => {
      const schema = tools.find((tool) => tool.name === name)?.inputSchema.properties?.body;
      return (schema as { properties?: Record<string, unknown> }).properties;
    };
    const told = { type: 'string', contentEncoding: 'base64', examples: ['SGVsbG8='] };
    expect(properties('add_photo')?.photo).toEqual({
      ...told,
      description: 'The photo. The bytes of the file as base64.',
    });
    expect(properties('add_photo')?.more).toMatchObject({ type: 'array', items: told });
    expect(properties('add_new')?.bytes).toMatchObject(told);
    expect(properties('add_old')?.file).toMatchObject(told);
  });

  test('P05: arrives as the form that it is', async () => {
    const { seen } = await call('add_photo', {
      title: 'A "b"',
      photo: FILE,
      more: [FILE, FILE],
      meta: { place: 'x' },
      tags: ['a', 'b'],
    });
    expect(seen.map(({ fields }) => fields)).toEqual([
      [
        ['title', 'A "b"'],
        ['photo', file('photo', 'image/png')],
        // Of several media types none is chosen for the caller.
        ['more', file('more', 'application/octet-stream')],
        ['more', file('more', 'application/octet-stream')],
        ['meta', '{"place":"x"}'],
        ['tags', 'a'],
        ['tags', 'b'],
      ],
    ]);
  });

  test('P05: of 3.1 and 2.0 does as well; what has an encoding travels as that text', async () => {
    const modern = await call('add_new', { bytes: FILE, encoded: FILE });
    expect(modern.seen[0]?.fields).toEqual([
      ['bytes', file('bytes', 'application/octet-stream')],
      ['encoded', FILE],
    ]);
    const old = await call('add_old', { file: FILE, note: 'n' });
    expect(old.seen[0]?.fields).toEqual([
      ['file', file('file', 'application/octet-stream')],
      ['note', 'n'],
    ]);
  });

  test('takes the form that has room for its files, and else the plain one', async () => {
    const types = [];
    for (const [name, body] of [
      ['either', { a: '1', file: FILE }],
      ['plain', { a: '1' }],
    ] as const)
      types.push((await call(name, body)).seen[0]?.contentType.split(';')[0]);
    expect(types).toEqual(['multipart/form-data', 'application/x-www-form-urlencoded']);
  });

  test('P05: can be the body itself', async () => {
    const { seen } = await call('raw', FILE);
    expect([seen[0]?.contentType, seen[0]?.body]).toEqual(['image/png', PNG]);
  });

  test('P05: of mixed parts arrives in their order and with their types', async () => {
    const { seen } = await call('mixed', { photo: FILE, note: 'n', meta: { k: 1 } });
    expect(seen[0]?.contentType).toMatch(/^multipart\/mixed; boundary=/);
    expect(seen[0]?.fields).toEqual([
      ['meta', '{"k":1}'],
      ['note', 'n'],
      ['photo', file('photo', 'image/png')],
    ]);
  });

  test('P05: of a form that names no fields has those of the caller', async () => {
    const { seen } = await call('open_form', { a: '1', b: ['2', '3'] });
    expect(seen[0]?.fields).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['b', '3'],
    ]);
  });

  test.each([
    ['xml', '<pet name="A &amp; B"/>', 'application/xml'],
    ['calendar', 'BEGIN:VCALENDAR', 'application/vnd.calendar'],
  ])('P05: a document as text arrives as it is given (%s)', async (name, text, type) => {
    const { seen } = await call(name, text);
    expect([seen[0]?.contentType, seen[0]?.body.toString()]).toEqual([type, text]);
  });

  test('a document is described as the text that it is', async () => {
    const { tools } = await client.listTools();
    const body = tools.find(({ name }) => name === 'xml')?.inputSchema.properties?.body;
    expect(body).toEqual({ type: 'string', description: 'A pet. The body as application/xml.' });
  });

  test('P05: a body of a type without a schema is bytes', async () => {
    const { seen } = await call('archive', FILE);
    expect([seen[0]?.contentType, seen[0]?.body]).toEqual(['application/zip', PNG]);
  });

  test('is not sent where it is no base64', async () => {
    const { result, seen } = await call('add_photo', { photo: 'a photo' });
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toContain('body.photo');
    expect(seen).toEqual([]);
  });
});

test(
  'a mock made from the description takes the upload',
  async () => {
    const mock = await startMockApi(join(workspace.directory, 'photos.json'));
    const yaml = readFileSync(workspace.definition, 'utf8').replaceAll(server.url, mock.url);
    const other = createWorkspace({
      'photos.json': JSON.stringify(description),
      'new.json': JSON.stringify(description31),
      'old.json': JSON.stringify(swagger),
      'quayside.yaml': yaml,
    });
    const mocked = await startProduct({ definition: { path: other.definition } });
    const own = await connectHttp(mocked, 'modern');
    try {
      // Of lists the mock sees the last value, and of objects their text.
      const body = { title: 't', photo: FILE };
      const good = await own.callTool({ name: 'add_photo', arguments: { body } });
      expect(good.isError, JSON.stringify(good.content)).not.toBe(true);
    } finally {
      await own.close();
      await mocked.stop();
      await mock.close();
      other.remove();
    }
  },
  TIMEOUT_MS,
);
