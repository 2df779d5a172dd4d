// Handlers behind a real endpoint: every code of spec servers §3.4 once, the configurations in the configurable
// framework's style as they are served, and code that is prepared once however many sessions call it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HANDLER_ERROR_CODES } from '../../src/errors.ts';
import { HandlerError, HandlerRegistry, type Server, startServer } from '../../src/library.ts';
import { createCaller } from '../support/calls.ts';

const TIMEOUT_MS = 60_000;

let folder: string;
let server: Server | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-handler-kinds-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  HandlerRegistry.getInstance().clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(definition: Parameters<typeof startServer>[0]['definition']): Promise<Server> {
  const data = mkdtempSync(join(folder, 'data-'));
  server = await startServer({
    definition,
    port: 0,
    data,
    baseDirectory: folder,
    env: { LOG_LEVEL: 'fatal' },
  });
  return server;
}

const tool = (handler: unknown, more: object = {}) => ({ description: 'T.', input: {}, handler, ...more });

describe('failures', () => {
  const MODULE = 'export default ({ hang }) => { if (hang) for (;;); return "fine"; };';

  test('P02: every code is a tool result with isError, its text and its _meta', {
    timeout: TIMEOUT_MS,
  }, async () => {
    writeFileSync(join(folder, 'breaks.mjs'), MODULE);
    writeFileSync(join(folder, 'gone.mjs'), MODULE);
    // A secret would be a mistake of the configuration that only a call finds.
    const sandbox = { secrets: ['missing'] };
    const { url } = await start({
      name: 'failures',
      version: '1.0.0',
      tools: {
        execution: tool('() => { throw new Error("no stock") }'),
        output: tool('() => 5n'),
        memory: tool({ type: 'inline', code: '() => new ArrayBuffer(5e8)', memoryMb: 16 }),
        timeout: tool({ type: 'inline', code: '() => { for (;;); }', timeout: 100 }),
        permission: tool('(args, context) => context.fetch("http://example.com/")'),
        network: tool({ type: 'http', url: 'http://127.0.0.1:1/', method: 'GET' }),
        not_found: tool('registry:nobody'),
        config: tool('(args, { secrets }) => secrets.get("missing")', { sandbox }),
        syntax: {
          ...tool({ type: 'file', path: './breaks.mjs', timeout: 300 }),
          input: { 'hang?': 'boolean' },
        },
        load: { ...tool({ type: 'file', path: './gone.mjs', timeout: 300 }), input: { 'hang?': 'boolean' } },
      },
    });
    const caller = createCaller(url);
    // A worker that was killed is replaced by one that has to load the module again, and finds it broken. The reload
    // that the change leads to is refused, so that the plan in force goes on.
    for (const name of ['syntax', 'load']) await caller.call(name, { hang: true });
    writeFileSync(join(folder, 'breaks.mjs'), 'export default ({ => 5;');
    writeFileSync(join(folder, 'gone.mjs'), 'throw new Error("moved"); export default () => 1;');
    const seen = new Set<string>();
    for (const name of 'execution output memory timeout permission network not_found config syntax load'.split(
      ' ',
    )) {
      const { status, json } = await caller.call(name);
      const code = `HANDLER_${name.toUpperCase()}_ERROR`.replace('NOT_FOUND_ERROR', 'NOT_FOUND');
      const { message, ...rest } = json.result._meta.error;
      expect({ status, name, rest }).toMatchObject({ status: 200, name, rest: { type: 'handler', code } });
      expect(json.result).toMatchObject({
        isError: true,
        content: [{ type: 'text', text: `Handler Error (${code}): ${message}` }],
      });
      const told = JSON.stringify(json);
      expect([folder, 'node:', 'guest', '.ts:'].filter((text) => told.includes(text))).toEqual([]);
      seen.add(code);
    }
    expect([...seen].sort()).toEqual([...HANDLER_ERROR_CODES].sort());
    caller.close();
  });

  test('a function of the program chooses its code', { timeout: TIMEOUT_MS }, async () => {
    HandlerRegistry.getInstance().register('refuse', () => {
      throw new HandlerError('HANDLER_PERMISSION_ERROR', 'Not on Sundays.', { details: { day: 7 } });
    });
    const { url } = await start({
      name: 'codes',
      version: '1.0.0',
      tools: { refuse: tool('registry:refuse') },
    });
    const caller = createCaller(url);
    expect((await caller.call('refuse')).json.result).toMatchObject({
      isError: true,
      _meta: { error: { code: 'HANDLER_PERMISSION_ERROR', message: 'Not on Sundays.', details: { day: 7 } } },
    });
    caller.close();
  });
});

describe('configurations in the style of the configurable framework', () => {
  const calls = async (url: string, wanted: readonly (readonly [string, object])[]) => {
    const caller = createCaller(url);
    const results = [];
    for (const [name, args] of wanted) {
      const { result } = (await caller.call(name, { ...args })).json;
      results.push(result.structuredContent ?? result.content[0].text);
    }
    caller.close();
    return results;
  };

  test('P01: arithmetic computes', { timeout: TIMEOUT_MS }, async () => {
    const { url } = await start('examples/configurable/arithmetic.json');
    const wanted = [
      ['add', { a: 1, b: 2 }],
      ['divide', { dividend: 1, divisor: 3 }],
      ['divide', { dividend: 1, divisor: 3, digits: 1 }],
      ['statistics', { values: [1, 2, 6] }],
    ] as const;
    expect(await calls(url, wanted)).toEqual([{ sum: 3 }, '0.3333', '0.3', { mean: 3, min: 1, max: 6 }]);
  });

  test('P01: workshop calls its module and the functions of the program', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const registry = HandlerRegistry.getInstance();
    registry.register('price-of', (args) => ({ ...(args as object), price: 2 }));
    registry.register('stock-of', () => 7);
    const { url } = await start('examples/configurable/workshop.json');
    const wanted = [
      ['slugify', { title: 'Hello World' }],
      ['price_of', { article: 'pot' }],
      ['stock_of', { article: 'pot' }],
    ] as const;
    expect(await calls(url, wanted)).toEqual(['hello-world', { article: 'pot', price: 2 }, '7']);
  });

  test.each(['observatory', 'reading-room', 'service-desk'])(
    'P01: %s is served with every tool it names',
    { timeout: TIMEOUT_MS },
    async (name) => {
      const { warnings } = await start(`examples/configurable/${name}.json`);
      expect(warnings.filter((warning) => warning.includes('not yet'))).toEqual([]);
    },
  );
});

test('a hundred sessions share what was prepared once', { timeout: TIMEOUT_MS }, async () => {
  // What stands outside of the function runs when it is prepared; half a second of it cannot be missed.
  const slow = 'const end = Date.now() + 500; while (Date.now() < end); const made = Date.now(); () => made';
  const { url } = await start({ name: 'sessions', version: '1.0.0', tools: { slow: tool(slow) } });
  const caller = createCaller(url, { connections: 1 });
  const made = new Set<string>();
  for (let session = 0; session < 100; session++) {
    const { headers } = await caller.post({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    });
    const id = String(headers['mcp-session-id']);
    const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'slow', arguments: {} } };
    const { json } = await caller.post(call, { 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' });
    made.add(json.result.content[0].text);
  }
  expect(made.size).toBe(1);
  caller.close();
});
