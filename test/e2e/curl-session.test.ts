// The session that the configurable framework's guide walks through with `curl`: revision 2024-11-05, and no header
// but the content type, the key and the session.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curlPost } from '../support/curl.ts';
import { type Product, startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { expectedTour, SAMPLE_CALLS, sameEverywhere } from '../support/sample-tour.ts';

const TIMEOUT_MS = 120_000;
const CONTENT_TYPE = 'Content-Type: application/json';

let product: Product;
let session: string;

describe.skipIf(!requires.tool('curl'))('a session by curl', () => {
  beforeAll(async () => {
    product = await startProduct({ definition: 'sample' });
    const { headers } = await post(1, 'initialize', {
      protocolVersion: '2024-11-05',
      capabilities: {},
      clientInfo: { name: 'test-client', version: '1.0.0' },
    });
    session = headers.get('Mcp-Session-Id') ?? '';
  }, TIMEOUT_MS);

  afterAll(() => product?.stop(), TIMEOUT_MS);

  test('P10: initialize answers JSON of revision 2024-11-05 and issues the session', async () => {
    const { status, headers, body } = await post(1, 'initialize', {
      protocolVersion: '2024-11-05',
      capabilities: {},
      clientInfo: { name: 'test-client', version: '1.0.0' },
    });
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(headers.get('Mcp-Session-Id')).toMatch(/^[\x21-\x7e]{16,}$/);
    expect(JSON.parse(body)).toMatchObject({
      jsonrpc: '2.0',
      id: 1,
      result: { protocolVersion: '2024-11-05', serverInfo: { name: 'quayside', version: '0.1.0' } },
    });
  });

  test('P10: the initialized notification is accepted without an answer', async () => {
    const { status, body } = await curlPost(product.url, inSession(), {
      jsonrpc: '2.0',
      method: 'notifications/initialized',
    });
    expect([status, body]).toEqual([202, '']);
  });

  test('P10: tools/list answers JSON', async () => {
    const { tools } = await resultOf('tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(expectedTour().tools);
  });

  test.each(Object.entries(SAMPLE_CALLS))(
    'P10: tools/call of %s answers JSON',
    async (name, args) => {
      const { content, isError } = await resultOf('tools/call', { name, arguments: args });
      expect(isError).not.toBe(true);
      expect(JSON.parse(content[0].text)).toEqual(expectedTour().answers[name]);
    },
    TIMEOUT_MS,
  );

  test('P10: prompts/list and prompts/get answer JSON', async () => {
    const { prompts } = await resultOf('prompts/list');
    expect(prompts.map(({ name }: { name: string }) => name)).toEqual(expectedTour().prompts);
    const { messages } = await resultOf('prompts/get', {
      name: 'reply_to_customer',
      arguments: { customer: 'C0001', question: 'Where is my parcel?', tone: 'friendly' },
    });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: expectedTour().prompt } }]);
  });

  test('P10: resources/list and resources/read answer JSON', async () => {
    const { resources } = await resultOf('resources/list');
    expect(resources.map(({ uri }: { uri: string }) => sameEverywhere(uri))).toEqual(
      expectedTour().resources,
    );
    const { contents } = await resultOf('resources/read', { uri: 'docs://architecture' });
    expect(contents).toEqual([
      {
        uri: 'docs://architecture',
        mimeType: 'text/markdown',
        text: expectedTour().texts['docs://architecture'],
      },
    ]);
  });

  test('P07: a required prompt argument that is missing is an error that names it', async () => {
    const { status, body } = await post(9, 'prompts/get', {
      name: 'reply_to_customer',
      arguments: { customer: 'C0001' },
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      id: 9,
      error: { code: -32602, data: { missing: ['question'] } },
    });
  });

  test('a later request without the session is told what to send', async () => {
    const { status, body } = await curlPost(product.url, withKey(), {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/list',
    });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32000 } });
  });

  test('P13: every step without the key is 401 and names both headers', async () => {
    for (const method of ['initialize', 'tools/list', 'tools/call', 'prompts/get', 'resources/read']) {
      const { status, headers, body } = await curlPost(product.url, [CONTENT_TYPE], {
        jsonrpc: '2.0',
        id: 1,
        method,
        params: {},
      });
      expect(status, method).toBe(401);
      expect(headers.get('WWW-Authenticate'), method).toContain('Bearer');
      expect(JSON.parse(body), method).toMatchObject({
        error: { code: -32001, data: { reason: 'missing' } },
      });
    }
  });
});

async function resultOf(method: string, params?: object) {
  const { status, headers, body } = await post(7, method, params);
  expect(status, body).toBe(200);
  expect(headers.get('Content-Type')).toMatch(/^application\/json/);
  const { id, result } = JSON.parse(body);
  expect(id, body).toBe(7);
  return result;
}

function post(id: number, method: string, params?: object) {
  const message = { jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) };
  return curlPost(product.url, method === 'initialize' ? withKey() : inSession(), message);
}

function withKey(): string[] {
  return [CONTENT_TYPE, `x-api-key: ${product.key}`];
}

function inSession(): string[] {
  return [...withKey(), `Mcp-Session-Id: ${session}`];
}
