// spec servers §4.1 and N4: what each kind of value becomes at each place of a request.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../src/definition/schema/handler.ts';
import { callWith, createTestEgress, prepareHttpTool } from './http-tool.ts';
import { startLocalServer } from './local-server.ts';

const server = await startLocalServer();
const egress = createTestEgress();
afterAll(async () => {
  await egress.close();
  await server.close();
});
beforeEach(() => {
  server.seen.length = 0;
});

async function send(keys: Partial<HttpHandler>, args: Readonly<Record<string, unknown>>) {
  const { url = '/', ...rest } = keys;
  const tool = prepareHttpTool({ url: server.url + url, ...rest }, { egress });
  return tool.run(callWith(args));
}

const REFUSED = Symbol('refused');

/** Value, then what the path segment, `|path` and the query of the request hold. */
const TABLE: readonly (readonly [unknown, string | typeof REFUSED, string | typeof REFUSED, string])[] = [
  ['plain', 'plain', 'plain', 'plain'],
  ['a b', 'a%20b', 'a%20b', 'a%20b'],
  ['a/b', 'a%2Fb', 'a/b', 'a%2Fb'],
  ['../', REFUSED, REFUSED, '..%2F'],
  ['..', REFUSED, REFUSED, '..'],
  ['.', REFUSED, REFUSED, '.'],
  ['a/../b', REFUSED, REFUSED, 'a%2F..%2Fb'],
  ['%2e%2e', REFUSED, REFUSED, '%252e%252e'],
  ['%252E%252e', REFUSED, REFUSED, '%25252E%25252e'],
  ['%2e%2e%2fadmin', REFUSED, REFUSED, '%252e%252e%252fadmin'],
  ['..;x', REFUSED, REFUSED, '..%3Bx'],
  ['‥', REFUSED, REFUSED, '%E2%80%A5'],
  ['a\\b', REFUSED, REFUSED, 'a%5Cb'],
  ['%5c', REFUSED, REFUSED, '%255c'],
  ['a\0b', REFUSED, REFUSED, 'a%00b'],
  ['...', '...', '...', '...'],
  ['.hidden', '.hidden', '.hidden', '.hidden'],
  ['a\r\nX-Evil: 1', 'a%0D%0AX-Evil%3A%201', 'a%0D%0AX-Evil%3A%201', 'a%0D%0AX-Evil%3A%201'],
  ['?admin=1', '%3Fadmin%3D1', '%3Fadmin%3D1', '%3Fadmin%3D1'],
  ['#top', '%23top', '%23top', '%23top'],
  ['a&b=c', 'a%26b%3Dc', 'a%26b%3Dc', 'a%26b%3Dc'],
  ['a+b', 'a%2Bb', 'a%2Bb', 'a%2Bb'],
  ['100%', '100%25', '100%25', '100%25'],
  ["it's (a) *!", 'it%27s%20%28a%29%20%2A%21', 'it%27s%20%28a%29%20%2A%21', 'it%27s%20%28a%29%20%2A%21'],
  ['${HOME}', '%24%7BHOME%7D', '%24%7BHOME%7D', '%24%7BHOME%7D'],
  ['${args.other}', '%24%7Bargs.other%7D', '%24%7Bargs.other%7D', '%24%7Bargs.other%7D'],
  ['$${', '%24%24%7B', '%24%24%7B', '%24%24%7B'],
  ['@evil.example', '%40evil.example', '%40evil.example', '%40evil.example'],
  ['//evil.example', '%2F%2Fevil.example', '//evil.example', '%2F%2Fevil.example'],
  ['Zürich', 'Z%C3%BCrich', 'Z%C3%BCrich', 'Z%C3%BCrich'],
  [
    '東京/駅',
    '%E6%9D%B1%E4%BA%AC%2F%E9%A7%85',
    '%E6%9D%B1%E4%BA%AC/%E9%A7%85',
    '%E6%9D%B1%E4%BA%AC%2F%E9%A7%85',
  ],
  ['🙂', '%F0%9F%99%82', '%F0%9F%99%82', '%F0%9F%99%82'],
  [42, '42', '42', '42'],
  [-0.5, '-0.5', '-0.5', '-0.5'],
  [false, 'false', 'false', 'false'],
  [0, '0', '0', '0'],
];

describe('P05: the value at each place of the URL is exactly as the table says, or refused', () => {
  test.each(TABLE)('%j', async (value, segment, path, query) => {
    const args = { x: value, other: 'other' };
    const places = [
      ['/v1/${args.x}/end', segment, (text: string) => `/v1/${text}/end`],
      ['/v1/${args.x|path}', path, (text: string) => `/v1/${text}`],
      ['/v1?q=${args.x}&fixed=1', query, (text: string) => `/v1?q=${text}&fixed=1`],
    ] as const;
    for (const [url, expected, target] of places) {
      server.seen.length = 0;
      const result = await send({ url, appendArgs: false }, args);
      if (expected === REFUSED) {
        expect(server.seen).toEqual([]);
        expect(result).toMatchObject({
          isError: true,
          _meta: { error: { type: 'validation', issues: [{ field: 'x' }] } },
        });
      } else {
        expect(server.seen.map((seen) => seen.target)).toEqual([target(expected)]);
        expect(result.isError).toBeUndefined();
      }
    }
  });
});

describe('P05: the value in a header and in each kind of body', () => {
  test.each([
    ['plain', 'plain'],
    ['a\tb', 'a\tb'],
    ['a: b, c; d="e"', 'a: b, c; d="e"'],
    ['${HOME}', '${HOME}'],
    ['Zürich', 'Zürich'],
    [5, '5'],
    [true, 'true'],
    [{ a: 1 }, '{"a":1}'],
    [undefined, undefined],
    [null, undefined],
    ['a\r\nX-Evil: 1', REFUSED],
    ['a\nb', REFUSED],
    ['a\rb', REFUSED],
    ['a\0b', REFUSED],
    ['a\u007fb', REFUSED],
    ['\ud800', REFUSED],
  ])('header: %j', async (value, expected) => {
    const args = value === undefined ? {} : { x: value };
    const result = await send({ headers: { 'X-Value': '${args.x}' } }, args);
    if (expected === REFUSED) {
      expect(server.seen).toEqual([]);
      expect(result).toMatchObject({ isError: true, _meta: { error: { type: 'validation' } } });
      return;
    }
    const received = server.seen[0]?.headers['x-value'];
    const text =
      received === undefined ? undefined : Buffer.from(String(received), 'latin1').toString('utf8');
    expect(text).toBe(expected);
    expect(server.seen[0]?.headers['x-evil']).toBeUndefined();
  });

  const VALUES = [
    'plain',
    '","admin":true,"x":"',
    'a\r\nb',
    '${HOME}',
    '<b>&',
    '\\',
    '\u2028',
    7,
    null,
    true,
    [1, 'a'],
    { k: 'v' },
  ];

  test.each(VALUES)('object body: %j keeps its type', async (value) => {
    await send({ method: 'POST', body: { v: '${args.x}', t: 'is ${args.x}!', fixed: 1 } }, { x: value });
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ v: value, t: `is ${text}!`, fixed: 1 });
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
  });

  test.each(VALUES)('JSON text as body: %j cannot leave its place', async (value) => {
    const body = '{ "v": ${args.x}, "q": "${args.x}", "t": "is ${args.x}!" }';
    await send({ method: 'POST', body }, { x: value });
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ v: value, q: value, t: `is ${text}!` });
  });

  test.each(['plain', 'a&admin=1', 'ä=b', '%26'])('form body: %j stays one value', async (value) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await send({ method: 'POST', headers, body: 'fixed=1&v=${args.x}' }, { x: value });
    await send({ method: 'POST', headers, body: { fixed: 1, v: '${args.x}' } }, { x: value });
    for (const seen of server.seen) {
      expect([...new URLSearchParams(seen.body)]).toEqual([
        ['fixed', '1'],
        ['v', value],
      ]);
      expect(seen.headers['content-type']).toBe('application/x-www-form-urlencoded');
    }
  });

  test('XML body: markup is escaped', async () => {
    const headers = { 'content-type': 'application/xml' };
    await send({ method: 'PUT', headers, body: '<a b="${args.x}"/>' }, { x: `"/><evil a='&` });
    expect(server.seen[0]?.body).toBe('<a b="&quot;/&gt;&lt;evil a=&#39;&amp;"/>');
  });

  test('other text is text, and a sole placeholder keeps its type', async () => {
    await send({ method: 'POST', body: 'Hello ${args.x}' }, { x: 'W' });
    await send({ method: 'POST', body: '${args.x}' }, { x: 'W' });
    await send({ method: 'POST', body: '${args.x}' }, { x: [1] });
    expect(server.seen.map(({ body, headers }) => [body, headers['content-type']])).toEqual([
      ['Hello W', 'text/plain; charset=utf-8'],
      ['W', 'text/plain; charset=utf-8'],
      ['[1]', 'application/json'],
    ]);
  });
});

describe('P05: what is missing, appended, nested and literal', () => {
  test('a missing optional argument drops its query item, header and body property', async () => {
    await send(
      {
        url: '/p?a=${args.a}&b=${args.b}&c=x${args.b}',
        query: { d: '${args.b}', e: ['1', '${args.b}', '${args.a}'], f: 5, g: null },
        method: 'POST',
        headers: { 'X-B': 'b ${args.b}' },
        body: { a: '${args.a}', b: '${args.b}', c: { b: 'x${args.b}' }, d: ['${args.b}', '${args.a}'] },
      },
      { a: 'A' },
    );
    const [seen] = server.seen;
    expect(seen?.target).toBe('/p?a=A&e=1&e=A&f=5');
    expect(seen?.headers['x-b']).toBeUndefined();
    expect(JSON.parse(seen?.body ?? '')).toEqual({ a: 'A', c: {}, d: ['A'] });
  });

  test.each([[{}], [{ x: null }], [{ x: '' }], [{ x: { a: 1 } }], [{ x: ['a'] }]])(
    'a path cannot be made from %j',
    async (args) => {
      const result = await send({ url: '/p/${args.x}' }, args);
      expect(server.seen).toEqual([]);
      expect(result).toMatchObject({
        isError: true,
        _meta: { error: { type: 'validation', issues: [{ field: 'x' }] } },
      });
      expect(result.content[0]?.text).toContain('x');
    },
  );

  test('GET, DELETE and HEAD append the arguments that stand nowhere', async () => {
    const args = { id: 'i', q: 'a b', list: [1, 'x&y'], deep: { k: 1 }, no: null, flag: false };
    for (const method of ['GET', 'DELETE', 'HEAD'] as const)
      await send({ url: '/p/${args.id}?fixed=1', method }, args);
    await send({ url: '/p/${args.id}', appendArgs: false }, args);
    const query = 'fixed=1&q=a%20b&list=1&list=x%26y&deep=%7B%22k%22%3A1%7D&flag=false';
    expect(server.seen.map((seen) => `${seen.method} ${seen.target}`)).toEqual([
      `GET /p/i?${query}`,
      `DELETE /p/i?${query}`,
      `HEAD /p/i?${query}`,
      'GET /p/i',
    ]);
  });

  test('POST, PUT and PATCH without a body send all arguments as JSON', async () => {
    const args = { id: 'i', n: 1, __proto__: undefined };
    for (const method of ['POST', 'PUT', 'PATCH'] as const)
      await send({ url: '/p/${args.id}', method }, args);
    for (const seen of server.seen)
      expect([seen.target, JSON.parse(seen.body)]).toEqual(['/p/i', { id: 'i', n: 1 }]);
  });

  test('nested paths reach properties and elements, own ones only', async () => {
    const url =
      '/p?a=${args.a.b[0]}&b=${args.a.b[1].c-d}&c=${args.a.constructor}&d=${args.a.b.length}&e=${args.__proto__}';
    await send({ url }, { a: { b: ['x', { 'c-d': 'y' }] } });
    expect(server.seen[0]?.target).toBe('/p?a=x&b=y');
  });

  test('an array for a sole placeholder repeats its query item', async () => {
    await send(
      { url: '/p?id=${args.ids}', query: { tag: '${args.tags}' } },
      { ids: [1, 2], tags: ['a', null, 'b'] },
    );
    expect(server.seen[0]?.target).toBe('/p?id=1&id=2&tag=a&tag=b');
  });

  test('$${ is a literal ${, and other ${ in literal text stays as it is', async () => {
    await send(
      {
        url: '/p?q=${args.x}',
        method: 'POST',
        headers: { 'X-A': '$${args.x} ${HOME} cost$' },
        query: { l: '$${args.x}' },
        body: { a: '$${args.x}', '$${k}': '${args.x}' },
      },
      { x: '$${args.x}' },
    );
    const [seen] = server.seen;
    expect(seen?.headers['x-a']).toBe('${args.x} ${HOME} cost$');
    expect(seen?.target).toBe('/p?q=%24%24%7Bargs.x%7D&l=%24%7Bargs.x%7D');
    expect(JSON.parse(seen?.body ?? '')).toEqual({ a: '${args.x}', '${k}': '$${args.x}' });
  });

  test('JSON text as body may hold escapes, literal ${ and missing arguments', async () => {
    const body =
      '{"a\\"b": "say \\"${args.x}\\" $${args.x}", "gone": ${args.y}, "list": [${args.x}, "${args.y}"]}';
    await send({ method: 'POST', body }, { x: '"q"' });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ 'a"b': 'say ""q"" ${args.x}', list: ['"q"'] });
  });

  test('half a surrogate pair is refused in a URL and kept in JSON', async () => {
    expect(await send({ url: '/p?q=${args.x}' }, { x: 'a\ud83d' })).toMatchObject({ isError: true });
    expect(server.seen).toEqual([]);
    await send({ method: 'POST', body: { v: '${args.x}' } }, { x: 'a\ud83d' });
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({ v: 'a\ud83d' });
  });

  test('a value in a segment with literal text is judged together with it', async () => {
    await send({ url: '/p/v${args.x}' }, { x: '.' });
    expect(server.seen[0]?.target).toBe('/p/v.');
    const refused = await send({ url: '/p/.${args.x}/q' }, { x: '.' });
    expect(refused).toMatchObject({ isError: true });
    expect(await send({ url: '/p/${args.x}${args.y}' }, { x: '.', y: '.' })).toMatchObject({ isError: true });
    expect(await send({ url: '/p/%2e${args.x}' }, { x: '.' })).toMatchObject({ isError: true });
    expect(server.seen).toHaveLength(1);
  });

  test('a refused value that looks like a secret is not repeated', async () => {
    const result = await send({ url: '/p/${args.x}' }, { x: '../Bearer abcdefghijklmnop' });
    expect(JSON.stringify(result)).not.toContain('abcdefghijklmnop');
  });
});
