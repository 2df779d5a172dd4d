// Lists and objects in URLs, headers and forms: exactly what goes over the wire (OpenAPI 3.1, styles).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HandlerError } from '../../src/errors.ts';
import { callWith, createTestEgress, prepareHttpTool } from './http-tool.ts';
import { type LocalServer, startLocalServer } from './local-server.ts';

const egress = createTestEgress();
let server: LocalServer;
beforeAll(async () => {
  server = await startLocalServer();
});
afterAll(async () => {
  await server.close();
  await egress.close();
});

const LIST = ['a b', 'c,d', 'e&f=g|h'];
const OBJECT = { r: 1, 'g&h': 'x,y', n: null };

test.each([
  ['/p/${args.list|csv}', { list: LIST }, '/p/a%20b,c%2Cd,e%26f%3Dg%7Ch'],
  ['/p/${args.o|csv}', { o: { a: 1, b: 2 } }, '/p/a,1,b,2'],
  ['/p/.${args.list|csv}', { list: [1, 2] }, '/p/.1,2'],
  ['/q?l=${args.list}', { list: LIST }, '/q?l=a%20b&l=c%2Cd&l=e%26f%3Dg%7Ch'],
  ['/q?l=${args.list|csv}', { list: LIST }, '/q?l=a%20b,c%2Cd,e%26f%3Dg%7Ch'],
  ['/q?l=${args.list|ssv}', { list: ['a', 'b c'] }, '/q?l=a%20b%20c'],
  ['/q?l=${args.list|pipes}', { list: ['a', 'b'] }, '/q?l=a%7Cb'],
  ['/q?l=${args.list|csv}', { list: [] }, '/q'],
  ['/q?l=${args.list|csv}', {}, '/q'],
  ['/q?l=${args.list|csv}', { list: 'one' }, '/q?l=one'],
  ['/q?o=${args.o|deep}', { o: OBJECT }, '/q?o%5Br%5D=1&o%5Bg%26h%5D=x%2Cy'],
  [
    '/q?o=${args.o|deep}',
    { o: { a: { b: [1, 2] } } },
    '/q?o%5Ba%5D%5Bb%5D%5B0%5D=1&o%5Ba%5D%5Bb%5D%5B1%5D=2',
  ],
  ['/q?o=${args.o|flat}', { o: OBJECT }, '/q?r=1&g%26h=x%2Cy'],
  ['/q?o=${args.o|json}', { o: { a: [1] } }, '/q?o=%7B%22a%22%3A%5B1%5D%7D'],
  ['/q?o=${args.o|json}', { o: [1] }, '/q?o=%5B1%5D'],
])('P05: %s', async (path, args, target) => {
  const tool = prepareHttpTool({ url: server.url + path, appendArgs: false }, { egress });
  expect((await tool.run(callWith(args))).isError).toBeUndefined();
  expect(server.seen.at(-1)?.target).toBe(target);
});

test('P05: lists and encoded values in headers', async () => {
  const headers = { 'x-list': '${args.list|csv}', cookie: 'a=${args.a|uri}; b=1' };
  const tool = prepareHttpTool({ url: server.url, headers, appendArgs: false }, { egress });
  await tool.run(callWith({ list: [1, 'b'], a: 'x; admin=1' }));
  expect(server.seen.at(-1)?.headers).toMatchObject({ 'x-list': '1,b', cookie: 'a=x%3B%20admin%3D1; b=1' });
});

test('P05: forms of a form, and JSON text within JSON', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = { l: '${args.l|csv}', o: '${args.o|deep}', s: '${args.s}', fixed: 'a b', many: '${args.l}' };
  await prepareHttpTool({ url: server.url, method: 'POST', headers: form, body }, { egress }).run(
    callWith({ l: ['a', 'b&c'], o: { k: 'v=w' } }),
  );
  expect(server.seen.at(-1)?.body).toBe('l=a,b%26c&o%5Bk%5D=v%3Dw&fixed=a%20b&many=a&many=b%26c');
  await prepareHttpTool(
    { url: server.url, method: 'POST', body: { text: '${args.o|json}' } },
    { egress },
  ).run(callWith({ o: { a: 1 } }));
  expect(server.seen.at(-1)?.body).toBe('{"text":"{\\"a\\":1}"}');
});

test('P05: an empty text as body sends none', async () => {
  await prepareHttpTool({ url: server.url, method: 'POST', body: '' }, { egress }).run(callWith({ a: 1 }));
  expect(server.seen.at(-1)).toMatchObject({ body: '' });
  expect(server.seen.at(-1)?.headers['content-type']).toBeUndefined();
});

test.each([
  [{ url: 'http://127.0.0.1/${args.a|deep}' }],
  [{ url: 'http://127.0.0.1/?a=x${args.a|deep}' }],
  [{ url: 'http://127.0.0.1/', headers: { a: '${args.a|flat}' } }],
  [{ url: 'http://127.0.0.1/', method: 'POST' as const, body: { a: '${args.a|csv}' } }],
  [{ url: 'http://127.0.0.1/${args.a|nonsense}' }],
])('a form without meaning at its place is refused: %j', (keys) => {
  expect(() => prepareHttpTool(keys, { egress })).toThrow(HandlerError);
});

test('a list that would climb out of its path is refused', async () => {
  const tool = prepareHttpTool({ url: `${server.url}/p/\${args.a|csv}` }, { egress });
  const before = server.seen.length;
  expect((await tool.run(callWith({ a: ['..'] }))).isError).toBe(true);
  expect((await tool.run(callWith({ a: [] }))).isError).toBe(true);
  expect(server.seen).toHaveLength(before);
});
