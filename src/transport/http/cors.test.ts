// Browsers: which origins may read, and what a preflight allows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type HttpEndpoint,
  modern,
  openSession,
  send,
  startEndpoint,
} from '../../../test/support/http-endpoint.ts';

const ORIGIN = 'https://app.example';

let endpoint: HttpEndpoint;

beforeAll(async () => {
  endpoint = await startEndpoint({ servers: [{ definition: { security: { cors: [ORIGIN] } } }] });
});

afterAll(() => endpoint.close());

test('P11: an allowed origin may read, and see the session', async () => {
  const { headers } = await modern(endpoint.url, { method: 'tools/list', headers: { origin: ORIGIN } });
  expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(headers.get('access-control-expose-headers')).toContain('Mcp-Session-Id');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  expect(headers.get('vary')).toBe('Origin');
  const { answer } = await openSession(endpoint.url, { headers: { origin: ORIGIN } });
  expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
});

test('P11: never a wildcard, nothing for the page of this machine, 403 for others', async () => {
  const own = await modern(endpoint.url, {
    method: 'tools/list',
    headers: { origin: 'http://localhost:5173' },
  });
  expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  for (const origin of [
    'https://evil.example',
    'null',
    'https://app.example.evil.example',
    'https://app.example:8443',
  ]) {
    const { status, headers } = await modern(endpoint.url, { method: 'tools/list', headers: { origin } });
    expect([origin, status, headers.get('access-control-allow-origin')]).toEqual([origin, 403, null]);
  }
});

test('G7: a preflight allows the headers of the protocol, parameter headers included', async () => {
  const { status, headers } = await send(endpoint.url, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, Mcp-Param-Region, mcp-param-<bad>, x-unknown',
    },
  });
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(headers.get('access-control-allow-methods')).toBe('POST, GET, DELETE, OPTIONS');
  const allowed = headers.get('access-control-allow-headers')?.split(', ') ?? [];
  expect(allowed).toEqual(
    expect.arrayContaining(['mcp-method', 'mcp-name', 'mcp-session-id', 'x-api-key', 'mcp-param-region']),
  );
  expect(allowed).not.toContain('x-unknown');
  expect(allowed.filter((name) => name.includes('bad'))).toEqual([]);
});

test('a preflight of another origin is 403', async () => {
  const { status } = await send(endpoint.url, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example' },
  });
  expect(status).toBe(403);
});
