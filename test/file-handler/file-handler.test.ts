import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileTools, ECHO, type FileTools, failure, run } from './file-tool.ts';

let tools: FileTools;
beforeEach(() => {
  tools = createFileTools();
});
afterEach(() => tools.close());

async function handlerOf(code: string, name = 'handler.ts') {
  return tools.prepare({ path: tools.write(name, code) });
}

test('a TypeScript module with an import runs and its result is normalised', async () => {
  tools.write('tax.ts', 'export const rate: number = 2;');
  const code = `import { rate } from './tax.ts';
    export default async ({ price }: { price: number }) => ({ gross: price * rate });
    export const text = () => 'plain';`;
  const path = tools.write('price.ts', code);
  const handler = await tools.prepare({ path: './price.ts' });
  expect(await run(handler, { args: { price: 3 } })).toEqual({
    content: [{ type: 'text', text: '{\n  "gross": 6\n}' }],
    structuredContent: { gross: 6 },
  });
  expect(handler.files).toEqual([path, join(tools.directory, 'tax.ts')]);
  const named = await tools.prepare({ path, export: 'text' });
  expect(await run(named)).toEqual({ content: [{ type: 'text', text: 'plain' }] });
});

test('JavaScript and CommonJS modules run too', async () => {
  expect(await run(await handlerOf('export default () => 1;', 'a.mjs'))).toEqual({
    content: [{ type: 'text', text: '1' }],
  });
  expect(await run(await handlerOf('module.exports = () => 2;', 'b.cjs'))).toEqual({
    content: [{ type: 'text', text: '2' }],
  });
});

test.each([
  ['a missing file', undefined, 'HANDLER_LOAD_ERROR', /missing\.ts: the file does not exist/],
  [
    'JavaScript that does not parse',
    ['a.mjs', 'export default () => {\n  const = 1;\n};'],
    'HANDLER_SYNTAX_ERROR',
    /a\.mjs: Unexpected token/,
  ],
  [
    'TypeScript that does not parse',
    ['a.ts', 'export default () => {\n  const = 1;\n};'],
    'HANDLER_SYNTAX_ERROR',
    /a\.ts:2: Unexpected token/,
  ],
  [
    'TypeScript that cannot be stripped',
    ['a.ts', '\nexport enum A { x }'],
    'HANDLER_SYNTAX_ERROR',
    /a\.ts:2: .*enum is not supported/,
  ],
  [
    'no such export',
    ['a.ts', 'export const other = () => 1;'],
    'HANDLER_LOAD_ERROR',
    /a\.ts has no export default; its functions are other/,
  ],
  [
    'an export that is no function',
    ['a.ts', 'export default 5;'],
    'HANDLER_LOAD_ERROR',
    /exports default as number/,
  ],
  [
    'a missing import',
    ['a.ts', "import './gone.ts';\nexport default () => 1;"],
    'HANDLER_LOAD_ERROR',
    /Cannot find module '.*gone\.ts'/,
  ],
  [
    'a module that throws',
    ['a.ts', '\nthrow new Error("no licence");'],
    'HANDLER_LOAD_ERROR',
    /a\.ts:2: no licence/,
  ],
  ['a module that exits', ['a.ts', 'process.exit(1);'], 'HANDLER_LOAD_ERROR', /a\.ts could not be loaded/],
])('%s is reported when the plan is built', async (_what, file, code, message) => {
  const path =
    file === undefined ? join(tools.directory, 'missing.ts') : tools.write(String(file[0]), String(file[1]));
  const error = await failure(tools.prepare({ path }));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test.each(['while (true);', 'await new Promise(() => {});'])(
  'a module that never finishes loading is reported: %s',
  async (code) => {
    const quick = createFileTools({ loadTimeoutMs: 300 });
    try {
      const path = quick.write('stuck.ts', code);
      expect(await failure(quick.prepare({ path }))).toEqual({
        code: 'HANDLER_LOAD_ERROR',
        message: expect.stringMatching(/stuck\.ts did not finish loading within 300 ms/),
      });
    } finally {
      await quick.close();
    }
  },
);

test('an untrusted definition gets no file handler', async () => {
  const path = tools.write('a.ts', ECHO);
  expect((await failure(tools.prepare({ path }, { trusted: false }))).code).toBe('HANDLER_CONFIG_ERROR');
});

test('isolation inprocess runs on the main thread with a warning', async () => {
  const path = tools.write(
    'local.ts',
    'let calls = 0; export default async (args: { fail?: boolean }) => { calls++; if (args.fail) throw new Error("no"); return { calls, pid: process.pid, main: (await import("node:worker_threads")).isMainThread }; };',
  );
  const handler = await tools.prepare({ path, isolation: 'inprocess' });
  expect((await run(handler)).structuredContent).toMatchObject({ calls: 1, pid: process.pid });
  expect(await failure(run(handler, { args: { fail: true } }))).toEqual({
    code: 'HANDLER_EXECUTION_ERROR',
    message: 'no',
  });
  expect(
    tools.lines.filter(({ level, message }) => level === 'warn' && message.includes('inprocess')),
  ).toHaveLength(1);
  expect(tools.pool.stats.workers).toBe(0);
  const endless = await tools.prepare({
    path: tools.write('endless.ts', 'export default () => new Promise(() => {});'),
    isolation: 'inprocess',
  });
  expect((await failure(run(endless, { timeoutMs: 50 }))).code).toBe('HANDLER_TIMEOUT_ERROR');
});

test('standard output of a handler never becomes that of the process', async () => {
  const marker = tools.write(
    'noise.ts',
    'console.log("at load"); export default () => { process.stdout.write("at call\\n"); return 1; };',
  );
  appendFileSync(marker, '\n');
  const handler = await tools.prepare({ path: marker });
  await run(handler);
  await expect
    .poll(() => tools.lines.map(({ fields }) => fields.line))
    .toEqual(expect.arrayContaining(['at load', 'at call']));
});
