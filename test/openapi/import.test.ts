// What `quayside import openapi` makes of a description, and what of one that means harm.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '../../src/commands/command-line.ts';
import { loadText } from '../../src/definition/load.ts';
import { startLocalServer } from '../http-handler/local-server.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

let workspace: Workspace | undefined;
afterEach(() => {
  workspace?.remove();
  workspace = undefined;
});

interface Imported {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly definition: { readonly tools: Readonly<Record<string, Tool>> } & Record<string, unknown>;
}

interface Tool {
  readonly description: string;
  readonly inputSchema: {
    readonly properties: Record<string, Record<string, unknown>>;
    readonly required?: string[];
  };
  readonly handler: Record<string, unknown>;
}

/** Runs the command in this process. `source` is a description, or the place of one. */
async function importOpenApi(source: object | string, ...words: string[]): Promise<Imported> {
  const place =
    typeof source === 'string' ? source : write({ 'api.json': JSON.stringify(source) }).concat('/api.json');
  return run('openapi', place, ...words);
}

async function run(...words: string[]): Promise<Imported> {
  let out = '';
  let err = '';
  const io = {
    env: { QUAYSIDE_EGRESS_ALLOW: '127.0.0.1' },
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runCommandLine(['import', ...words], io);
  return { code, out, err, definition: out === '' ? { tools: {} } : parse(out) };
}

function write(files: Readonly<Record<string, string>>): string {
  workspace = createWorkspace(files);
  return workspace.directory;
}

const api = (paths: object, more: object = {}) => ({
  openapi: '3.0.3',
  info: { title: 'Things', version: '2.1.0' },
  servers: [{ url: 'https://api.example.com/{stage}/', variables: { stage: { default: 'v1' } } }],
  paths,
  ...more,
});
const ok = { responses: { 200: { description: 'Fine.' } } };

describe('an operation', () => {
  test('becomes a tool that loads without a complaint', async () => {
    const { code, out, definition } = await importOpenApi(
      api({
        '/things/{id}': {
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'integer', format: 'int64' } },
          ],
          get: {
            operationId: 'things.read',
            summary: 'Reads a thing',
            parameters: [
              {
                name: 'fields',
                in: 'query',
                explode: false,
                schema: { type: 'array', items: { type: 'string' } },
              },
              { name: 'X-Trace', in: 'header', schema: { type: 'string', nullable: true, default: 'no' } },
            ],
            ...ok,
          },
        },
      }),
    );
    expect(code).toBe(0);
    expect(definition).toMatchObject({ name: 'Things', version: '2.1.0' });
    expect(definition.tools.things_read).toEqual({
      description: 'Reads a thing',
      inputSchema: {
        type: 'object',
        properties: {
          id: { type: 'integer', description: 'Format: int64.' },
          fields: { type: 'array', items: { type: 'string' } },
          'X-Trace': { type: ['string', 'null'], description: 'Default: "no".' },
        },
        required: ['id'],
        additionalProperties: false,
      },
      handler: {
        type: 'http',
        method: 'GET',
        url: 'https://api.example.com/v1/things/${args.id}',
        query: { fields: '${args.fields|csv}' },
        headers: { 'X-Trace': '${args.X-Trace}' },
        appendArgs: false,
      },
    });
    const options = { env: {}, environment: 'development', purpose: 'validate' } as const;
    expect(loadText('a.yaml', out, options)).toMatchObject({ errors: [], warnings: [] });
  });

  test('is read-only unless writing is asked for, and chosen by tag and path', async () => {
    const paths = {
      '/a': { get: { tags: ['x'], ...ok }, post: { tags: ['x'], ...ok } },
      '/b/c': { get: { tags: ['y'], ...ok }, head: ok, delete: ok },
    };
    const names = async (...words: string[]) =>
      Object.keys((await importOpenApi(api(paths), ...words)).definition.tools);
    expect(await names()).toEqual(['get_a', 'get_b_c', 'head_b_c']);
    expect(await names('--tag', 'x')).toEqual(['get_a']);
    expect(await names('--path', '/b/*', '--method', 'GET,DELETE')).toEqual(['get_b_c', 'delete_b_c']);
    expect(await names('--method', 'POST', '--prefix', 'my_')).toEqual(['my_post_a']);
    expect((await importOpenApi(api(paths), '--tag', 'none')).code).toBe(1);
  });

  test('keeps its name whatever stands beside it; names have 64 characters and never collide', async () => {
    const long = `/${'very-long-segment/'.repeat(6)}end`;
    const first = {
      '/a b': { get: { operationId: 'do it', ...ok } },
      '/z': { get: { operationId: 'do.it', ...ok } },
    };
    const second = { [long]: { get: ok }, '/call': { get: { operationId: 'call', ...ok } } };
    const names = async (paths: object) =>
      Object.keys((await importOpenApi(api(paths))).definition.tools).sort();
    const all = await names({ ...first, ...second });
    expect(all).toHaveLength(4);
    expect(all).toContain('do_it');
    for (const name of all) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    const reversed = Object.fromEntries(Object.entries({ ...first, ...second }).reverse());
    expect(await names(reversed)).toEqual(all);
    expect(all).not.toContain('call');
  });

  test('with what no request of a tool can carry is left out, or changed, and named', async () => {
    const binary = { content: { 'application/x-protobuf': { schema: { type: 'object' } } } };
    const { err, definition } = await importOpenApi(
      api({
        '/upload': { post: { requestBody: { required: true, ...binary }, ...ok } },
        '/note': { post: { requestBody: binary, callbacks: { done: {} }, ...ok } },
        '/search': {
          get: {
            parameters: [
              { name: 'q', in: 'query', schema: { type: 'string', pattern: '^(?!a)' } },
              { $ref: '#/components/parameters/Gone' },
            ],
            ...ok,
          },
        },
        '/x#fragment': { get: ok },
        '/free/{unsaid}': { get: ok },
      }),
      '--method',
      'GET,POST',
    );
    expect(Object.keys(definition.tools).sort()).toEqual(['get_free_unsaid', 'post_note']);
    expect(err).toContain('2 of 5 operations imported, 0 left out by the filters.');
    for (const line of [
      'skipped: a body of application/x-protobuf has no form here (POST /upload)',
      'changed: a body of application/x-protobuf has no form here, and is left out (POST /note)',
      'skipped: a parameter cannot be read (#/components/parameters/Gone) (GET /search)',
      'skipped: its path has a fragment, which is never sent (GET /x#fragment)',
      'changed: the path parameter unsaid is not declared, and is taken as text (GET /free/{unsaid})',
      'changed: callbacks of 1 operations are left out',
    ]) {
      expect(err).toContain(line);
    }
  });
});

describe('schemas', () => {
  const bodyOf = async (schema: object, schemas: object = {}, openapi = '3.0.3') => {
    const content = { 'application/json': { schema } };
    const paths = { '/a': { patch: { requestBody: { required: true, content }, ...ok } } };
    const { definition, err } = await importOpenApi(
      { ...api(paths, { components: { schemas } }), openapi },
      '--method',
      'PATCH',
    );
    return { body: definition.tools.patch_a?.inputSchema.properties.body, err };
  };

  test('lose their references, recursion and size, and say so', async () => {
    const node = {
      type: 'object',
      properties: { name: { type: 'string' }, next: { $ref: '#/components/schemas/Node' } },
    };
    const { body, err } = await bodyOf({ $ref: '#/components/schemas/Node' }, { Node: node });
    expect(body).toEqual({
      type: 'object',
      properties: { name: { type: 'string' }, next: { type: 'object', description: 'Another Node.' } },
    });
    expect(err).toContain('changed: the recursive schema Node admits anything where it holds itself');
    const wide = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `S${index}`,
        {
          type: 'object',
          properties: Object.fromEntries(
            ['a', 'b', 'c'].map((key) => [key, { $ref: `#/components/schemas/S${index + 1}` }]),
          ),
        },
      ]),
    );
    const huge = await bodyOf({ $ref: '#/components/schemas/S0' }, wide);
    expect(JSON.stringify(huge.body).length).toBeLessThan(100_000);
    expect(huge.err).toContain('changed: schemas deeper than');
  });

  test('of 3.0 become those of 2020-12', async () => {
    const { body } = await bodyOf({
      type: 'object',
      required: ['a', 'made'],
      properties: {
        made: { type: 'string', readOnly: true },
        a: { type: 'number', minimum: 0, exclusiveMinimum: true, nullable: true, example: 1.5 },
        b: { enum: ['x', 'y'], type: 'string', nullable: true, default: 'x' },
        c: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
        d: { type: 'string', format: 'date', xml: { name: 'd' } },
      },
      discriminator: { propertyName: 'a' },
    });
    expect(body).toEqual({
      type: 'object',
      properties: {
        a: { type: ['number', 'null'], exclusiveMinimum: 0, examples: [1.5] },
        b: { enum: ['x', 'y', null], type: ['string', 'null'], description: 'Default: "x".' },
        c: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
        d: { type: 'string', format: 'date' },
      },
      required: ['a'],
    });
  });

  test('beside a reference count in 3.1, and hid behind it before', async () => {
    const schema = { $ref: '#/components/schemas/Id', description: 'Mine.', minLength: 3 };
    const schemas = { Id: { type: 'string', minLength: 1 } };
    expect((await bodyOf(schema, schemas)).body).toEqual({ type: 'string', minLength: 1 });
    expect((await bodyOf(schema, schemas, '3.1.0')).body).toEqual({
      allOf: [
        { type: 'string', minLength: 1 },
        { minLength: 3, description: 'Mine.' },
      ],
    });
  });
});

test('Swagger 2.0: consumes, collections, forms and hosts', async () => {
  const { definition, err } = await importOpenApi(
    {
      swagger: '2.0',
      info: { title: 'Old', version: '1' },
      host: 'old.example.com',
      basePath: '/v1',
      schemes: ['http', 'https'],
      consumes: ['application/json'],
      securityDefinitions: {
        key: { type: 'apiKey', in: 'query', name: 'api_key' },
        basic: { type: 'basic' },
      },
      security: [{ key: [] }],
      paths: {
        '/list': {
          get: {
            operationId: 'find',
            parameters: [
              {
                name: 'a',
                in: 'query',
                type: 'array',
                items: { type: 'integer' },
                collectionFormat: 'pipes',
              },
              { name: 'b', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' },
              { name: 'c', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'tsv' },
            ],
            ...ok,
          },
        },
        '/form': {
          post: {
            operationId: 'form',
            security: [{ basic: [] }],
            parameters: [
              { name: 'x', in: 'formData', type: 'string', required: true },
              { name: 'y', in: 'formData', type: 'array', items: { type: 'string' } },
            ],
            ...ok,
          },
        },
        '/file': {
          post: {
            operationId: 'file',
            parameters: [{ name: 'f', in: 'formData', type: 'file', required: true }],
            ...ok,
          },
        },
        '/body': {
          put: {
            operationId: 'body',
            parameters: [{ name: 'b', in: 'body', schema: { type: 'object' } }],
            ...ok,
          },
        },
      },
    },
    '--method',
    'GET,POST,PUT',
  );
  const { find, form, file, body } = definition.tools;
  expect(find?.handler).toMatchObject({
    url: 'https://old.example.com/v1/list',
    query: { a: '${args.a|pipes}', b: '${args.b}', api_key: '${OPENAPI_OLD_KEY}' },
  });
  expect(form?.handler).toMatchObject({
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: 'Basic ${OPENAPI_OLD_BASIC}',
    },
    body: { x: '${args.body.x}', y: '${args.body.y|csv}' },
  });
  expect(body?.handler).toMatchObject({
    headers: { 'Content-Type': 'application/json' },
    body: '${args.body}',
  });
  expect(file?.handler).toMatchObject({
    headers: { 'Content-Type': 'multipart/form-data' },
    body: { f: '${args.body.f|file}' },
  });
  expect(Object.keys(definition.tools)).toEqual(['find', 'form', 'file', 'body']);
  expect(err).toContain('set ${OPENAPI_OLD_KEY} (key): an API key, sent as query api_key');
  expect(err).toContain('changed: the query parameter c has the style tabDelimited');
});

test('P05: a description that means harm names no variable of the server', async () => {
  const hostile = '${SESSION_TOKEN}';
  const { definition, out } = await importOpenApi(
    api(
      {
        '/a': {
          get: {
            operationId: 'steal',
            description: hostile,
            parameters: [
              { name: `q${hostile}`, in: 'query', schema: { type: 'string' } },
              { name: 'ok', in: 'cookie', schema: { type: 'string' } },
            ],
            ...ok,
          },
          post: { requestBody: { content: { [`text/${hostile}`]: {} } }, ...ok },
        },
        [`/b/${hostile}`]: { get: ok },
      },
      {
        info: { title: 'SESSION', version: '1' },
        servers: [{ url: 'https://evil.example.com' }],
        security: [{ token: [] }],
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      },
    ),
  );
  expect(definition.tools.steal?.handler.query).toEqual({ 'q$${SESSION_TOKEN}': '${args.q_SESSION_TOKEN}' });
  expect(Object.keys(definition.tools)).toEqual(['steal']);
  const options = {
    env: { SESSION_TOKEN: 'a-secret-value', OPENAPI_SESSION_TOKEN: 'of-the-api' },
    environment: 'development',
    purpose: 'serve',
  } as const;
  const { definitions, errors } = loadText('a.yaml', out, options);
  expect(errors).toEqual([]);
  expect(JSON.stringify(definitions[0]?.definition)).not.toContain('a-secret-value');
  expect(JSON.stringify(definitions[0]?.definition)).toContain('Bearer of-the-api');
});

describe('documents', () => {
  test('beside the first are read, and none elsewhere', async () => {
    const parameter = (ref: string) => api({ '/a': { get: { parameters: [{ $ref: ref }], ...ok } } });
    const folder = write({
      'api.json': JSON.stringify(parameter('parts.yaml#/limit')),
      'parts.yaml': 'limit: { name: limit, in: query, schema: { type: integer } }\n',
      'out.json': JSON.stringify(parameter('file:///etc/passwd')),
      'up.json': JSON.stringify(parameter('../../etc/hostname')),
    });
    const beside = await run('openapi', join(folder, 'api.json'));
    expect(beside.definition.tools.get_a?.inputSchema.properties).toEqual({ limit: { type: 'integer' } });
    for (const file of ['out.json', 'up.json']) {
      const { code, err } = await run('openapi', join(folder, file));
      expect(code).toBe(1);
      expect(err).toContain('a parameter cannot be read');
    }
  });

  test('over http come through the outbound client, and their references only when asked for', async () => {
    const server = await startLocalServer(({ target }, response) => {
      const parameter = { name: 'limit', in: 'query', schema: { type: 'integer' } };
      const root = api(
        { '/a': { get: { parameters: [{ $ref: 'parts.json' }], ...ok } } },
        { servers: [{ url: '/v2' }] },
      );
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(target === '/api.json' ? root : parameter));
    });
    const alone = await run('openapi', `${server.url}/api.json`);
    expect(alone.code).toBe(1);
    expect(server.seen.map(({ target }) => target)).toEqual(['/api.json']);
    const { definition } = await run('openapi', `${server.url}/api.json`, '--remote-references');
    expect(definition.tools.get_a?.handler.url).toBe(`${server.url}/v2/a`);
    await server.close();
    const refused = await run('openapi', 'http://10.0.0.1/api.json');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('not a public address');
  });

  test.each([
    ['no description', '{"hello":"world"}', 'no Swagger 2.0'],
    ['no JSON', '{"openapi": ', 'neither JSON nor YAML'],
    ['a relative server', JSON.stringify(api({ '/a': { get: ok } }, { servers: [] })), 'give the base URL'],
  ])('%s is said', async (_what, text, message) => {
    const { code, err } = await run('openapi', join(write({ 'api.json': text }), 'api.json'));
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  test('the report and the definition go to files', async () => {
    const folder = write({ 'api.json': JSON.stringify(api({ '/a': { get: ok } })) });
    const place = (name: string) => join(folder, name);
    await run('openapi', place('api.json'), '--out', place('d.yaml'), '--report', place('r.json'));
    expect(parse(readFileSync(place('d.yaml'), 'utf8')).tools.get_a).toBeDefined();
    expect(JSON.parse(readFileSync(place('r.json'), 'utf8'))).toMatchObject({ operations: 1, imported: 1 });
  });
});
