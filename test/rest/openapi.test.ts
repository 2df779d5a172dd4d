// The published description of the REST routes: valid, complete, and true of a running server.
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GovernedServer, KEYS, startGovernedServer } from '../governance/governed-server.ts';
import type { Json } from '../support/http-endpoint.ts';
import { sendRequest } from '../support/raw-http.ts';

const PATH = '/api/v1/openapi.json';

let server: GovernedServer;
let document: Json;

beforeAll(async () => {
  server = await startGovernedServer({
    env: { QUAYSIDE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
  });
  document = (await get(PATH, KEYS.admin)).json;
}, 90_000);

afterAll(() => server?.close());

function get(target: string, key?: string) {
  return sendRequest(server.port, {
    method: 'GET',
    target,
    headers: key === undefined ? {} : { 'X-Api-Key': key },
  });
}

interface Described {
  readonly path: string;
  readonly method: string;
  readonly operation: Json;
}

function operations(): readonly Described[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

/** Says whether a body is what the document publishes for that answer, with the first finding. */
function judge(operation: Json, status: number, body: unknown): string {
  const found = operation.responses[status];
  if (found === undefined) return `status ${status} is not described`;
  const response = resolve(found);
  const schema = response.content?.['application/json']?.schema;
  if (schema === undefined) return 'no schema';
  // References lead into the document, so the document is the schema that is compiled.
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: false }));
  const validate = ajv.compile({ components: document.components, ...schema });
  return validate(body) ? 'valid' : ajv.errorsText(validate.errors);
}

function resolve(node: Json): Json {
  if (node.$ref === undefined) return node;
  const steps: string[] = node.$ref.slice(2).split('/');
  return steps.reduce((found, step) => found[step], document);
}

test('the description is OpenAPI 3.1, judged by a validator, and names its own key header', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  expect([valid, errors]).toEqual([true, undefined]);
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.components.securitySchemes.apiKey).toEqual({
    type: 'apiKey',
    in: 'header',
    name: 'X-Api-Key',
  });
  const broken = structuredClone(document);
  delete broken.info.title;
  expect((await validator.validate(broken)).valid).toBe(false);
});

test('P13: the description answers any credential and nobody without one', async () => {
  expect((await get(PATH)).status).toBe(401);
  expect((await get(PATH, KEYS.valid)).status).toBe(200);
});

test('every operation has a name of its own, a tag, and a schema for each answer of its own', () => {
  const all = operations();
  expect(all.length).toBeGreaterThan(12);
  expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
  const untold = all.flatMap(({ path, method, operation }) =>
    Object.entries<Json>(operation.responses)
      .filter(([status, response]) => status !== '204' && resolve(response).content === undefined)
      .map(([status]) => `${method} ${path} ${status}`),
  );
  expect(untold).toEqual([]);
});

test('permissions are the security requirements: public, loopback and governed routes tell themselves apart', () => {
  expect(document.paths['/live'].get.security).toEqual([]);
  expect(document.paths['/health/detailed'].get.security).toEqual([
    {},
    { apiKey: ['admin:health'] },
    { bearer: ['admin:health'] },
  ]);
  expect(document.paths['/admin/drain'].post.security).toEqual([
    { apiKey: ['admin:*'] },
    { bearer: ['admin:*'] },
  ]);
  expect(document.paths[PATH].get.security).toEqual([{ apiKey: [] }, { bearer: [] }]);
});

function isDescribed(operation: Json, status: number, type: string): boolean {
  const content = resolve(operation.responses[status]).content ?? {};
  return Object.keys(content).some((described) => described.split(';')[0] === type);
}

/** Sends a change, holds its answer to the description, and gives it back. */
async function change(method: string, path: string, body: Json, id = ''): Promise<Json> {
  const answer = await sendRequest(server.port, {
    method: method.toUpperCase(),
    target: path.replace(/\{\w+\}/, id),
    headers: { 'X-Api-Key': KEYS.admin },
    body: JSON.stringify(body),
  });
  const verdict = judge(document.paths[path][method], answer.status, answer.json);
  expect([path, answer.status < 300, verdict]).toEqual([path, true, 'valid']);
  return answer.json;
}

/** One thing of each kind, and for each GET route the path parameter and query that lead to it. */
async function furnish(): Promise<Readonly<Record<string, string>>> {
  const key = await change('post', '/api/v1/keys', { name: 'described', expiresAt: '2999-01-01T00:00:00Z' });
  const rotated = await change('post', '/api/v1/keys/{id}/rotate', {}, key.id);
  await change('patch', '/api/v1/keys/{id}', { name: 'renamed' }, rotated.id);
  await change('delete', '/api/v1/keys/{id}', {}, key.id);
  const tenant = await change('post', '/api/v1/tenants', { slug: 'described' });
  await change('patch', '/api/v1/tenants/{id}', { contact_email: 'a@b.example' }, tenant.id);
  await change('put', '/api/v1/secrets/{name}', { value: 'described-secret' }, 'described');
  await change('patch', '/api/v1/secrets/{name}', { value: 'another-secret' }, 'described');
  await change('post', '/api/cache/clear', {});
  await change('delete', '/api/cache/key/{key}', {}, 'none');
  return {
    '/health/{component}': '/health/config',
    '/api/v1/keys/{id}': `/api/v1/keys/${rotated.id}`,
    '/api/v1/secrets/{name}': '/api/v1/secrets/described',
    '/api/v1/explain': '/api/v1/explain?tool=alpha&as=valid',
  };
}

test('every GET route of the running server answers what the description says', async () => {
  const targets = await furnish();
  const verdicts: [string, string][] = [];
  for (const { path, method, operation } of operations()) {
    if (method !== 'get') continue;
    const target = targets[path];
    const answer = await get(target ?? path.replace(/\{(\w+)\}/g, 'no-such-$1'), KEYS.admin);
    if (target !== undefined) expect([path, answer.status]).toEqual([path, 200]);
    const [type = ''] = answer.headers['content-type']?.split(';') ?? [];
    const verdict =
      type === 'application/json'
        ? judge(operation, answer.status, answer.json)
        : isDescribed(operation, answer.status, type)
          ? 'valid'
          : `${type} is not described`;
    verdicts.push([path, verdict]);
  }
  expect(verdicts.length).toBeGreaterThan(8);
  expect(verdicts.filter(([, verdict]) => verdict !== 'valid')).toEqual([]);
});

test('answers of changes and refusals are what the description says', async () => {
  const cases = [
    ['post', '/admin/log-level', KEYS.admin, '{"level":"info"}', 200],
    ['post', '/admin/log-level', KEYS.admin, '{"level":1}', 400],
    ['post', '/admin/reload', KEYS.admin, '{}', 200],
    ['post', '/admin/drain', KEYS.valid, '{}', 403],
    ['post', '/admin/drain', 'no such key at all, surely', '{}', 401],
    ['get', '/health/{component}', KEYS.admin, undefined, 404],
  ] as const;
  for (const [method, path, key, body, status] of cases) {
    const answer = await sendRequest(server.port, {
      method: method.toUpperCase(),
      target: path.replace('{component}', 'no-such'),
      headers: { 'X-Api-Key': key },
      body,
    });
    expect([path, answer.status]).toEqual([path, status]);
    expect([path, judge(document.paths[path][method], status, answer.json)]).toEqual([path, 'valid']);
  }
  const wrong = judge(document.paths['/version'].get, 200, { name: 'quayside' });
  expect(wrong).toContain('required');
});
