// REST routes on the router: access, validation, errors, and what no route fits.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyPrincipal } from '../../../test/support/hand-made-plan.ts';
import { type HttpEndpoint, postJson, send, startEndpoint } from '../../../test/support/http-endpoint.ts';
import { QuaysideError } from '../../errors.ts';
import type { Route } from '../../route.ts';

const PERMISSION = { anyOf: ['admin:*'], allOf: [] };

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/live',
    summary: 'Liveness.',
    access: 'public',
    handle: ({ principal }) => ({ status: 200, body: { status: 'alive', who: principal?.id ?? null } }),
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics.',
    access: 'loopback',
    permission: PERMISSION,
    handle: () => ({ status: 200, body: 'a 1\n', contentType: 'text/plain; version=0.0.4' }),
  },
  {
    method: 'POST',
    path: '/items/:id',
    summary: 'Changes an item.',
    access: 'permission',
    permission: PERMISSION,
    schema: {
      params: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
      query: { type: 'object', properties: { deep: { type: 'boolean' } } },
      body: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
    },
    handle: ({ params, query, body, principal }) => ({
      status: 201,
      body: { params, query, body, who: principal?.id },
      headers: { location: '/items/1' },
    }),
  },
  {
    method: 'GET',
    path: '/fails/:how',
    summary: 'Fails.',
    access: 'permission',
    permission: PERMISSION,
    handle: ({ params }) => {
      if (params.how === 'expected') throw new QuaysideError('conflict', { data: { with: 'x' } });
      throw new Error('secret detail');
    },
  },
];

let endpoint: HttpEndpoint;
let origin: string;

beforeAll(async () => {
  endpoint = await startEndpoint({ routes: ROUTES, servers: [{ keys: { good: keyPrincipal('good') } }] });
  origin = `http://127.0.0.1:${endpoint.port}`;
});

afterAll(() => endpoint.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const KEY = { 'x-api-key': 'good' };

describe('access', () => {
  test('a public route answers anybody', async () => {
    expect((await send(`${origin}/live`, {})).json).toEqual({ status: 'alive', who: null });
    expect((await send(`${origin}/live`, { headers: KEY })).json.who).toBe('good');
  });

  test('a loopback route answers this machine', async () => {
    const { status, text, headers } = await send(`${origin}/metrics`, {});
    expect([status, text, headers.get('content-type')]).toEqual([200, 'a 1\n', 'text/plain; version=0.0.4']);
  });

  test('P13: every other route, and every unknown path, is 401 without a key', async () => {
    for (const [method, path] of [
      ['POST', '/items/1'],
      ['GET', '/fails/expected'],
      ['GET', '/nothing'],
      ['GET', '/'],
      ['PUT', '/items/1'],
      ['GET', '/mcp/deeper/path'],
    ] as const) {
      expect([
        path,
        (await send(`${origin}${path}`, method === 'GET' ? {} : { method, body: '{}', headers: JSON_TYPE }))
          .status,
      ]).toEqual([path, 401]);
    }
  });

  test('P11: a foreign Origin is 403', async () => {
    const { status, json } = await send(`${origin}/live`, { headers: { origin: 'https://evil.example' } });
    expect([status, json.error.code]).toEqual([403, 'host_refused']);
  });
});

describe('answers', () => {
  test('path, query and body arrive checked and typed', async () => {
    const { status, json, headers } = await postJson(`${origin}/items/7?deep=true`, { name: 'a' }, KEY);
    expect([status, headers.get('location')]).toEqual([201, '/items/1']);
    expect(json).toEqual({ params: { id: 7 }, query: { deep: true }, body: { name: 'a' }, who: 'good' });
  });

  test('what does not fit is 400 and names the place', async () => {
    const wrong: readonly [string, unknown, string][] = [
      ['/items/x', { name: 'a' }, 'params.id'],
      ['/items/7?deep=maybe', { name: 'a' }, 'query.deep'],
      ['/items/7', { name: 1 }, 'body.name'],
      ['/items/7', [], 'body'],
    ];
    for (const [path, body, field] of wrong) {
      const { status, json } = await postJson(`${origin}${path}`, body, KEY);
      expect([path, status, json.error]).toMatchObject([
        path,
        400,
        { code: 'invalid_params', details: { field } },
      ]);
    }
  });

  test('expected errors carry their code, unexpected ones nothing but the request id', async () => {
    const expected = await send(`${origin}/fails/expected`, { headers: KEY });
    expect(expected.status).toBe(409);
    expect(expected.json.error).toMatchObject({ code: 'conflict', retryable: true, details: { with: 'x' } });
    const unexpected = await send(`${origin}/fails/otherwise`, { headers: KEY });
    expect(unexpected.status).toBe(500);
    expect(unexpected.text).not.toContain('secret');
    expect(unexpected.json.error.request_id).toBe(unexpected.headers.get('x-request-id'));
  });

  test('unknown paths are 404, known ones with another method 405', async () => {
    expect((await send(`${origin}/nothing`, { headers: KEY })).json.error.code).toBe('not_found');
    const other = await send(`${origin}/live`, { method: 'DELETE', headers: KEY });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
  });

  test('malformed JSON is 400', async () => {
    const { status, json } = await postJson(`${origin}/items/7`, '{', KEY);
    expect([status, json.error.code]).toEqual([400, 'parse_error']);
  });
});

test('each request is observed with its route template', async () => {
  const before = endpoint.observed.length;
  await send(`${origin}/live`, {});
  await send(`${origin}/nothing/${'x'.repeat(20)}`, { headers: KEY });
  const routes = () => endpoint.observed.slice(before).map(({ route, status }) => [route, status]);
  await expect.poll(routes).toEqual([
    ['/live', 200],
    ['unmatched', 404],
  ]);
});
