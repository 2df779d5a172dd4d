// Code of a definition as a tool: its forms, its context, what it may return, and how it fails.
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';
import { HandlerError, InputRequiredSignal, QuaysideError } from '../../src/errors.ts';
import { failure, NO_ACCESS, run } from '../file-handler/file-tool.ts';
import { createInlineTools, type InlineTools } from './inline-tool.ts';

let tools: InlineTools;
beforeAll(() => {
  tools = createInlineTools();
});
afterAll(() => tools.close());

const resultOf = async (code: string, args = {}) => {
  const { content, structuredContent } = await run(await tools.prepare(code), { args });
  return structuredContent ?? content[0]?.text;
};

describe('forms of code', () => {
  test.each([
    ['an arrow with an expression', 'args => args.a + 1', '3'],
    ['an arrow in parentheses with a semicolon', '(args) => args.a + 1;\n', '3'],
    ['a destructuring arrow', '({ a }) => a + 1', '3'],
    ['an arrow with a body', '(args) => { return args.a + 1 }', '3'],
    ['an async arrow', 'async (args, context) => { await null; return args.a + 1 }', '3'],
    ['a function expression', 'function (args) { return args.a + 1 }', '3'],
    ['a named function', 'function add(args) { return args.a + 1 };', '3'],
    ['an async function', 'async function (args) { return args.a + 1 }', '3'],
    ['a body', 'return args.a + 1', '3'],
    ['a body of several lines', 'const b = 1;\nreturn args.a + b;', '3'],
    ['a body that waits', 'const b = await Promise.resolve(1);\nreturn args.a + b', '3'],
    ['a body with a function in it', 'function add(a) { return a + 1 }\nreturn add(args.a)', '3'],
    ['an arrow behind statements', 'const b = 1;\n(args) => args.a + b;', '3'],
    ['an arrow behind a comment', '// adds\nargs => args.a + 1 // one', '3'],
    ['an arrow that gives a promise', 'args => Promise.resolve(args.a + 1)', '3'],
    ['an arrow with a template', 'args => `${args.a + 1}`', '3'],
    ['an arrow of an object', 'args => ({ sum: args.a + 1 })', { sum: 3 }],
  ])('P02: %s runs, and its result is the call result', async (_form, code, result) => {
    expect(await resultOf(code, { a: 2 })).toEqual(result);
  });

  test.each([
    ['an expression', '1 + 1', 'HANDLER_SYNTAX_ERROR', 'neither a function'],
    ['an object', '{ a: 1 }', 'HANDLER_SYNTAX_ERROR', 'neither a function'],
    ['a mistake', '(args) => {\n  const a = ;\n}', 'HANDLER_SYNTAX_ERROR', 'Line 2, column 13 of the code'],
    ['an error while loading', 'throw new Error("no"); () => 1', 'HANDLER_LOAD_ERROR', 'no'],
    ['the lack of a name', 'const a = missing; () => a', 'HANDLER_LOAD_ERROR', 'missing'],
  ])('P08: %s is refused when the code is loaded', async (_what, code, errorCode, message) => {
    expect(await failure(tools.prepare(code))).toEqual({
      code: errorCode,
      message: expect.stringContaining(message),
    });
  });
});

test('P02: what spec servers §3.2 lists is there, and nothing of Node', async () => {
  const code = `() => ({
    language: [Map, Promise, Proxy, WeakMap, BigInt, Symbol, Intl = undefined].map((one) => typeof one),
    there: ['console', 'setTimeout', 'clearTimeout', 'encodeURIComponent', 'decodeURI', 'TextEncoder', 'TextDecoder',
      'URL', 'structuredClone', 'queueMicrotask'].filter((name) => !(name in globalThis)),
    absent: ['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'setInterval', 'setImmediate', 'performance',
      'WebAssembly', 'XMLHttpRequest', 'Worker', 'std', 'os', 'navigator', '__quayside'].filter((name) => name in globalThis),
    text: new TextDecoder().decode(new TextEncoder().encode('größe')),
    clone: structuredClone({ a: [new Map([[1, 2]])] }).a[0].get(1),
    url: (() => { const url = new URL('/b?x=1', 'https://a.example'); url.searchParams.append('y', 'ä'); return url.href })(),
    uri: decodeURIComponent(encodeURIComponent('a/b ü')),
  })`.replace(', Intl = undefined', '');
  expect(await resultOf(code)).toEqual({
    language: ['function', 'function', 'function', 'function', 'function', 'function'],
    there: [],
    absent: [],
    text: 'größe',
    clone: 2,
    url: 'https://a.example/b?x=1&y=%C3%A4',
    uri: 'a/b ü',
  });
});

test('P02: timers run in order, can be cleared, and end with their call', async () => {
  const code = `async (args) => {
    const seen = [];
    setTimeout(() => seen.push('late'), 60_000);
    clearTimeout(setTimeout(() => seen.push('cleared'), 1));
    setTimeout((text) => seen.push(text), 5, 'second');
    setTimeout(() => seen.push('first'), 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return seen;
  }`;
  expect(await resultOf(code)).toEqual(['first', 'second']);
  expect(await failure(run(await tools.prepare('() => { for (;;) setTimeout(() => 1, 1000) }')))).toEqual({
    code: 'HANDLER_EXECUTION_ERROR',
    message: 'at most 1000 timers may be set at once',
  });
});

describe('arguments', () => {
  test('P02: any JSON arrives deep-equal, twice in a row', async () => {
    const handler = await tools.prepare('(args) => args');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (args) => {
        for (let time = 0; time < 2; time++) {
          // Results travel as JSON, which has no -0; that it arrives is tested below.
          const sent: unknown = JSON.parse(JSON.stringify(args));
          expect((await run(handler, { args })).structuredContent).toEqual(sent);
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test.each([
    ['markup', { a: '<div>a<b &lt; "\'</div>', b: "'; DROP TABLE users; --" }],
    ['lone surrogates', { a: '\ud800', b: '\udc00x', '\ud83d': 1 }],
    ['NUL and line separators', { a: '\0\u2028\u2029' }],
    ['prototype keys', JSON.parse('{"__proto__":{"x":1},"constructor":2,"toString":3}')],
  ])('P02: %s are not altered', async (_what, args) => {
    const { content } = await run(await tools.prepare('(args) => JSON.stringify(args)'), { args });
    expect(content[0]?.text).toBe(JSON.stringify(args));
  });

  test('P02: -0 stays -0, and everything is frozen', async () => {
    const code = `(args) => { 'use strict';
      const tries = [() => { args.a = 1 }, () => args.deep.list.push(1), () => { delete args.deep }];
      return [Object.is(args.zero, -0), ...tries.map((attempt) => { try { attempt(); return 'changed' } catch (error) { return error.name } })];
    }`;
    expect(await resultOf(code, { zero: -0, deep: { list: [] } })).toEqual([
      true,
      'TypeError',
      'TypeError',
      'TypeError',
    ]);
  });
});

describe('context', () => {
  test('P02: it tells what the specification promises, and offers only what there is', async () => {
    const code = `(args, context) => {
      const { signal, logger, ...rest } = context;
      return { members: Object.keys(context).sort(), rest, aborted: signal.aborted, frozen: Object.isFrozen(context) };
    }`;
    const handler = await tools.prepare(
      code,
      {},
      { sandbox: { ...NO_ACCESS, allowedDomains: ['a.example'] } },
    );
    const { structuredContent } = await run(handler, { client: { sessionId: 's-1' }, idempotencyKey: 'k-1' });
    expect(structuredContent).toMatchObject({
      members: [
        'closeStream',
        'idempotencyKey',
        'logger',
        'metadata',
        'notify',
        'permissions',
        'principal',
        'requestId',
        'requestInput',
        'roots',
        'sessionId',
        'signal',
      ],
      rest: {
        requestId: 'request-1',
        sessionId: 's-1',
        idempotencyKey: 'k-1',
        metadata: { toolName: 'tool', serverName: 'Shop', protocolVersion: '2025-11-25', tags: ['a'] },
        permissions: { allowNetwork: false, allowedDomains: ['a.example'] },
        principal: { type: 'key', name: 'ci', tenantId: 'default', roles: ['editor'] },
      },
      aborted: false,
      frozen: true,
    });
  });

  test('P02: console and logger reach the log and the client, in what can be told of them', async () => {
    const heard: unknown[] = [];
    const code = `(args, context) => {
      const cycle = { name: 'c' }; cycle.self = cycle;
      console.log('a', 1); console.error(cycle); context.logger.notice('n', { k: 5n });
      console.log('x'.repeat(200_000));
    }`;
    await run(await tools.prepare(code), { client: { log: (level, data) => heard.push([level, data]) } });
    expect(heard).toEqual([
      ['info', ['a', 1]],
      ['error', { name: 'c', self: '[circular]' }],
      ['notice', { message: 'n', k: '5' }],
      ['warning', expect.stringContaining('too long')],
    ]);
  });

  test('a loop that logs does not flood', async () => {
    let heard = 0;
    await run(await tools.prepare('() => { for (let i = 0; i < 5000; i++) console.log(i) }'), {
      client: { log: () => heard++ },
    });
    expect(heard).toBe(1000);
  });

  test('a call keeps at most 1 MiB of what it logs', async () => {
    let characters = 0;
    await run(
      await tools.prepare('() => { for (let i = 0; i < 200; i++) console.log("x".repeat(50_000)) }'),
      {
        client: {
          log: (_level, data) => {
            characters += String(data).length;
          },
        },
      },
    );
    expect(characters).toBeGreaterThan(500_000);
    expect(characters).toBeLessThan(1_048_576);
  });

  test('a call waits for at most 64 answers at once, and is told so', async () => {
    const code = `async (args, context) => {
      const all = await Promise.allSettled(Array.from({ length: 100 }, () => context.readResource('docs://a')));
      return all.filter((one) => one.status === 'fulfilled').length + ' ' + all.at(-1).reason?.message;
    }`;
    const handler = await tools.prepare(code, {}, {}, { readResource: async () => [] });
    expect((await run(handler)).content[0]?.text).toBe('64 A call waits for at most 64 answers at once.');
  });

  test('P02: input, roots, sample, progress and resources are asked through the main thread', async () => {
    const code = `async (args, context) => {
      context.reportProgress(1, 2, 'half');
      let refused; try { context.reportProgress(1) } catch (error) { refused = error.name }
      return {
        refused,
        input: await context.requestInput({ name: { method: 'elicitation/create', params: { message: 'Who?' } } }),
        roots: await context.roots(),
        sample: await context.sample('Hi', { maxTokens: 5 }),
        resource: await context.readResource('docs://a'),
      };
    }`;
    const handler = await tools.prepare(
      code,
      {},
      {},
      { readResource: async (uri) => [{ uri, text: 'read' }] },
    );
    const progress: unknown[] = [];
    const { structuredContent } = await run(handler, {
      client: {
        supports: () => true,
        progress: (...said) => progress.push(said),
        requestInput: async (requests) =>
          'roots' in requests
            ? { roots: { roots: [{ uri: 'file:///x' }] } }
            : Object.fromEntries(Object.keys(requests).map((key) => [key, { action: 'accept' }])),
      },
    });
    expect(progress).toEqual([[1, 2, 'half']]);
    expect(structuredContent).toEqual({
      refused: 'RangeError',
      input: { name: { action: 'accept' } },
      roots: [{ uri: 'file:///x' }],
      sample: { action: 'accept' },
      resource: [{ uri: 'docs://a', text: 'read' }],
    });
  });

  test('what the main thread refuses passes unchanged unless the code deals with it', async () => {
    const refusal = new QuaysideError('capability_missing', { message: 'no elicitation' });
    const client = { requestInput: () => Promise.reject(refusal) };
    const ask = "await context.requestInput({ name: { method: 'elicitation/create' } })";
    const passing = await tools.prepare(`async (args, context) => { ${ask} }`);
    await expect(run(passing, { client })).rejects.toBe(refusal);
    const dealing = await tools.prepare(
      `async (args, context) => { try { ${ask} } catch (error) { return error.code + ': ' + error.message } }`,
    );
    expect((await run(dealing, { client })).content[0]?.text).toBe('capability_missing: no elicitation');
    const signal = new InputRequiredSignal({ name: {} });
    await expect(run(dealing, { client: { requestInput: () => Promise.reject(signal) } })).rejects.toBe(
      signal,
    );
    await expect.poll(() => tools.pool.stats.busy, { timeout: 250 }).toBe(0);
  });

  test('P02: fetch goes through the egress client, and only where the sandbox allows it', async () => {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      response.setHeader('x-seen', `${request.headers['x-given']} ${request.headers['content-type']}`);
      response.end(JSON.stringify({ got: Buffer.concat(parts).toString() }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { log } = createInlineLog();
    const egress = createEgress({ allow: `127.0.0.1:${port}`, log });
    const code = `async ({ url }, { fetch }) => {
      const response = await fetch(url, { method: 'post', body: new URLSearchParams({ a: 'ä' }), headers: { 'X-Given': 'yes' } });
      const { got } = await response.json();
      return [response.status, response.ok, response.headers.get('X-Seen'), got, (await response.bytes()).length > 5];
    }`;
    const url = `http://127.0.0.1:${port}/a`;
    try {
      const open = await tools.prepare(
        code,
        {},
        { sandbox: { ...NO_ACCESS, allowNetwork: true } },
        { egress },
      );
      expect((await run(open, { args: { url } })).structuredContent).toEqual([
        200,
        true,
        'yes application/x-www-form-urlencoded;charset=UTF-8',
        'a=%C3%A4',
        true,
      ]);
      for (const refused of ['http://169.254.169.254/', `http://127.0.0.1:${port + 1}/`]) {
        const { code: found } = await failure(run(open, { args: { url: refused } }));
        expect(found).toBe('HANDLER_PERMISSION_ERROR');
      }
      const closed = await tools.prepare(code, {}, { sandbox: NO_ACCESS }, { egress });
      expect(await failure(run(closed, { args: { url } }))).toEqual({
        code: 'HANDLER_PERMISSION_ERROR',
        message: expect.stringContaining('sandbox.allowNetwork'),
      });
    } finally {
      await egress.close();
      server.close();
    }
  });

  test('P24: secrets.get reads what the sandbox names, and nothing else', async () => {
    const readSecret = async (name: string) => `value of ${name}`;
    const code = '(args, { secrets }) => secrets.get(args.name)';
    const handler = await tools.prepare(
      code,
      {},
      { sandbox: { ...NO_ACCESS, secrets: ['mail'] } },
      { readSecret },
    );
    expect((await run(handler, { args: { name: 'mail' } })).content[0]?.text).toBe('value of mail');
    for (const name of ['other', '__proto__', 5, null]) {
      const error = await failure(run(handler, { args: { name } }));
      expect(['HANDLER_PERMISSION_ERROR', 'HANDLER_EXECUTION_ERROR']).toContain(error.code);
    }
    const without = await tools.prepare('(args, context) => "secrets" in context', {}, {}, { readSecret });
    expect((await run(without)).content[0]?.text).toBe('false');
  });

  test('the signal aborts when the caller gives up, and the worker goes on', async () => {
    const controller = new AbortController();
    const code = `(args, { signal }) => new Promise((resolve, reject) => {
      console.log('waiting');
      signal.addEventListener('abort', () => { console.log('told ' + signal.reason.name); reject(signal.reason) });
    })`;
    const told: unknown[] = [];
    const outcome = run(await tools.prepare(code), {
      signal: controller.signal,
      client: {
        log(_level, data) {
          told.push(data);
          if (data === 'waiting') controller.abort(new Error('gone'));
        },
      },
    });
    await expect(outcome).rejects.toThrow('gone');
    await expect.poll(() => tools.pool.stats.busy, { timeout: 250 }).toBe(0);
    await expect.poll(() => told, { timeout: 250 }).toContain('told AbortError');
  });
});

describe('results', () => {
  test.each([
    ['a text', '() => "a"', { content: [{ type: 'text', text: 'a' }] }],
    ['a number', '() => 1.5', { content: [{ type: 'text', text: '1.5' }] }],
    ['no number', '() => NaN', { content: [{ type: 'text', text: 'NaN' }] }],
    ['a boolean', '() => false', { content: [{ type: 'text', text: 'false' }] }],
    ['nothing', '() => undefined', { content: [] }],
    ['null', '() => null', { content: [] }],
    ['an array', '() => [1]', { content: [{ type: 'text', text: '[\n  1\n]' }], structuredContent: [1] }],
    [
      'a result',
      '() => ({ content: [{ type: "text", text: "t" }], structuredContent: { a: 1 }, metadata: { m: 1 }, errors: [{ code: "E" }], isError: true })',
      {
        content: [{ type: 'text', text: 't' }],
        structuredContent: { a: 1 },
        isError: true,
        _meta: { m: 1, errors: [{ code: 'E' }] },
      },
    ],
    [
      'bytes in an item',
      '() => ({ content: [{ type: "binary", mimeType: "image/x", data: new Uint8Array([1, 2]) }] })',
      {
        content: [
          { type: 'resource', resource: { uri: 'result:///content/0', mimeType: 'image/x', blob: 'AQI=' } },
        ],
      },
    ],
    [
      'bytes',
      '() => new Uint8Array([1, 2])',
      {
        content: [
          {
            type: 'resource',
            resource: { uri: 'result:///content/0', mimeType: 'application/octet-stream', blob: 'AQI=' },
          },
        ],
      },
    ],
  ])('P02: %s is normalised', async (_what, code, result) => {
    expect(await run(await tools.prepare(code))).toEqual(result);
  });

  test('a result that the gate would refuse does not leave the worker', async () => {
    const handler = await tools.prepare(
      '(args) => "x".repeat(args.length)',
      {},
      {},
      { maxResultBytes: 1000 },
    );
    expect((await run(handler, { args: { length: 900 } })).content[0]?.text).toHaveLength(900);
    expect(await failure(run(handler, { args: { length: 4000 } }))).toEqual({
      code: 'HANDLER_OUTPUT_ERROR',
      message: 'The result is larger than limits.maxResultSize allows.',
    });
  });

  test.each([
    ['a function', '() => () => 1'],
    ['a symbol', '() => Symbol("s")'],
    ['a bigint', '() => 5n'],
    ['a cycle', '() => { const a = {}; a.a = a; return a }'],
    ['an unknown content type', '() => ({ content: [{ type: "hologram" }] })'],
  ])('%s is HANDLER_OUTPUT_ERROR', async (_what, code) => {
    expect((await failure(run(await tools.prepare(code)))).code).toBe('HANDLER_OUTPUT_ERROR');
  });

  test.each([
    ['an error', 'throw new TypeError("no stock")', 'no stock'],
    ['a text', 'throw "out of order"', 'out of order'],
    ['null', 'throw null', 'The handler threw null.'],
    ['a number', 'throw 5', 'The handler threw 5.'],
    ['an object with a message', 'throw { message: "custom" }', 'custom'],
    ['an object', 'throw {}', 'The handler threw an object.'],
    [
      'a hostile error',
      'const e = new Error("x"); Object.defineProperty(e, "message", { get() { throw new Error("deep") } }); throw e',
      'The handler threw what cannot be read.',
    ],
    ['a rejected promise', 'return Promise.reject(new Error("bad"))', 'bad'],
    ['an error after a wait', 'return (async () => { await null; throw new Error("later") })()', 'later'],
  ])('%s thrown is HANDLER_EXECUTION_ERROR with its message and no stack', async (_what, body, message) => {
    const handler = await tools.prepare(`() => { ${body} }`);
    const error: unknown = await run(handler).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toMatchObject({ code: 'HANDLER_EXECUTION_ERROR', message });
    expect(inspect((error as HandlerError).details)).not.toContain('at ');
  });
});

function createInlineLog() {
  const nothing = () => undefined;
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };
  return { log };
}
