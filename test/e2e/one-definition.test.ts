// One definition with every kind of handler that this version has, its prompts and its resources, and what happens
// to connected clients when a file changes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';

const TIMEOUT_MS = 60_000;
/** A change is in force within a second; what a client hears of it has to come through a busy machine. */
const HEARD_WITHIN_MS = 20_000;

let folder: string;
let echo: Server;
let product: Product;
let client: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-kinds-'));
  echo = createServer((request, response) => {
    const { method, url, headers } = request;
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({ method, url, team: headers['x-team'], forwarded: headers.authorization, body }),
      );
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => echo.once('listening', resolve));
  const database = new DatabaseSync(join(folder, 'shop.db'));
  database.exec(
    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO item VALUES (1, 'pot'), (2, 'cup')",
  );
  database.close();
  writeFileSync(join(folder, 'shout.mjs'), 'export default ({ text }) => text.toUpperCase();\n');
  writeFileSync(join(folder, 'note.txt'), 'first\n');
  const path = join(folder, 'quayside.yaml');
  writeFileSync(path, definition((echo.address() as AddressInfo).port));
  product = await startProduct({ definition: { path }, env: { TEAM_NAME: 'blue' } });
  client = await connectHttp(product, 'modern');
}, TIMEOUT_MS);

afterAll(async () => {
  await client?.close();
  await product?.stop();
  echo.close();
  rmSync(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('one document', () => {
  test.each([
    ['items', { id: 2 }, { rows: [{ id: 2, name: 'cup' }], rowCount: 1, truncated: false }],
    ['shout', { text: 'hello' }, 'HELLO'],
  ])('P02: calls %s', async (name, args, answer) => {
    expect(await textOf(name, args)).toEqual(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });

  test('P02: a URL as a whole handler posts all arguments', async () => {
    expect(JSON.parse(await textOf('post', { a: 1, b: '<div>' }))).toEqual({
      method: 'POST',
      url: '/whole',
      body: '{"a":1,"b":"<div>"}',
    });
  });

  test('P05: arguments and environment reach the request, each encoded for its place', async () => {
    const seen = JSON.parse(await textOf('fetch', { id: 'x/a?c', note: '${TEAM_NAME} {{id}} & "' }));
    expect(seen).toEqual({
      method: 'PUT',
      url: '/items/x%2Fa%3Fc',
      team: 'blue',
      body: JSON.stringify({ note: '${TEAM_NAME} {{id}} & "' }),
    });
  });

  test('P05: a value that would leave its place is refused and not sent', async () => {
    const { isError, content } = await client.callTool({
      name: 'fetch',
      arguments: { id: '../a', note: '' },
    });
    expect(isError).toBe(true);
    expect(JSON.stringify(content)).toContain('id');
  });

  test('P07: a prompt is rendered once, literally, and optional arguments may be missing', async () => {
    const { messages } = await client.getPrompt({
      name: 'review',
      arguments: { code: 'const a = "{{focus}} ${TEAM_NAME}";' },
    });
    expect(messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Look at: const a = "{{focus}} ${TEAM_NAME}"; ()' } },
      { role: 'assistant', content: { type: 'text', text: 'I will.' } },
    ]);
  });

  test('P07: a required prompt argument that is missing is -32602', async () => {
    await expect(client.getPrompt({ name: 'review', arguments: {} })).rejects.toMatchObject({
      code: -32602,
      data: { missing: ['code'] },
    });
  });

  test('P07: resources are text, JSON, bytes and files', async () => {
    const read = async (uri: string) => (await client.readResource({ uri })).contents[0];
    expect(await read('data://text')).toEqual({
      uri: 'data://text',
      mimeType: 'text/plain',
      text: './note.txt',
    });
    expect(await read('data://object')).toEqual({
      uri: 'data://object',
      mimeType: 'application/json',
      text: '{\n  "a": [\n    1\n  ]\n}',
    });
    expect(await read('data://bytes')).toEqual({ uri: 'data://bytes', mimeType: 'image/png', blob: 'AAEC' });
    expect(await read('data://note')).toMatchObject({ text: 'first\n' });
  });

  test('P07: an unknown resource is -32602', async () => {
    await expect(client.readResource({ uri: 'data://none' })).rejects.toMatchObject({ code: -32602 });
  });
});

describe('a change of a file', () => {
  test(
    'P07: of a resource is told to its subscribers in both eras, and read at once',
    async () => {
      const legacy = await connectHttp(product, 'legacy');
      const heard: string[] = [];
      legacy.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        heard.push(`legacy ${params.uri}`);
      });
      await legacy.subscribeResource({ uri: 'data://note' });
      const modern = await connectHttp(product, 'modern');
      modern.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        heard.push(`modern ${params.uri}`);
      });
      const subscription = await modern.listen({ resourceSubscriptions: ['data://note'] });
      writeFileSync(join(folder, 'note.txt'), 'second\n');
      await expect
        .poll(() => [...new Set(heard)].sort(), { timeout: HEARD_WITHIN_MS })
        .toEqual(['legacy data://note', 'modern data://note']);
      const { contents } = await modern.readResource({ uri: 'data://note' }, { cacheMode: 'refresh' });
      expect(contents[0]).toMatchObject({ text: 'second\n' });
      await subscription.close();
      await Promise.all([legacy.close(), modern.close()]);
    },
    TIMEOUT_MS,
  );
});

async function textOf(name: string, args: Record<string, unknown>): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args });
  const [item] = content;
  return item?.type === 'text' ? item.text : JSON.stringify(content);
}

function definition(port: number): string {
  const origin = `http://127.0.0.1:${port}`;
  return `
name: kinds
version: 1.0.0
databases: { shop: { url: "sqlite:./shop.db" } }
tools:
  items: { description: Items., input: { id: integer }, database: shop, sql: "SELECT id, name FROM item WHERE id = :id" }
  shout: { description: Upper case., input: { text: string }, file: ./shout.mjs }
  post: { description: Posts., inputSchema: { type: object }, handler: "${origin}/whole" }
  fetch:
    description: Changes one.
    input: { id: string, note: string }
    handler:
      type: http
      method: PUT
      url: ${origin}/items/\${args.id}
      headers: { X-Team: "\${TEAM_NAME}" }
      body: { note: "\${args.note}" }
prompts:
  - name: review
    arguments: [{ name: code, required: true }, { name: focus }]
    messages:
      - { role: user, content: "Look at: {{code}} ({{focus}})" }
      - { role: assistant, content: I will. }
resources:
  - { uri: "data://text", name: Text, content: ./note.txt }
  - { uri: "data://object", name: Object, content: { a: [1] } }
  - { uri: "data://bytes", name: Bytes, blob: AAEC, mimeType: image/png }
  - { uri: "data://note", name: Note, file: ./note.txt }
`;
}
