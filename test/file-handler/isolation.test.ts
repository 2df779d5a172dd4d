import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileTools, ECHO, type FileTools, failure, NO_ACCESS, run } from './file-tool.ts';

let tools: FileTools;
beforeEach(() => {
  tools = createFileTools();
});
afterEach(() => tools.close());

async function handlerOf(code: string, name = 'handler.ts') {
  return tools.prepare({ path: tools.write(name, code) });
}

/** What V8 does not interrupt by itself: see pool.ts. */
const UNINTERRUPTED = 'export default () => { for (;;) new Array(1000).fill({}); };';
const BUSY =
  'export default () => { const end = Date.now() + 3000; while (Date.now() < end); return "late"; };';

// Repeated, because other tests share the processors; a blocked pool fails every time.
test('P04: a 3 s busy loop ends at its timeout while 50 parallel calls to another handler stay quick', {
  retry: 2,
}, async () => {
  const busy = await handlerOf(BUSY, 'busy.ts');
  const echo = await handlerOf(ECHO, 'echo.ts');
  // Both workers are there, as in a server that has been called before.
  await Promise.all([run(echo), run(echo), run(echo)]);
  const startedAt = performance.now();
  const ended = failure(run(busy, { timeoutMs: 200 })).then((error) => ({
    ...error,
    ms: performance.now() - startedAt,
  }));
  const latencies = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const from = performance.now();
      expect((await run(echo, { args: { index } })).structuredContent).toEqual({ index });
      return performance.now() - from;
    }),
  );
  const { code, ms } = await ended;
  expect(code).toBe('HANDLER_TIMEOUT_ERROR');
  expect(ms).toBeLessThan(450);
  expect(latencies.sort((a, b) => a - b)[49]).toBeLessThan(100);
});

test('P04: the worker of a timed-out call is gone within 250 ms and replaced', async () => {
  const marker = join(tools.directory, 'ticks');
  const code = `import { appendFileSync } from 'node:fs';
    export default async () => { for (;;) { appendFileSync(${JSON.stringify(marker)}, '.'); await new Promise((r) => setTimeout(r, 5)); } };`;
  const endless = await handlerOf(code, 'endless.ts');
  const echo = await handlerOf(ECHO, 'echo.ts');
  expect((await failure(run(endless, { timeoutMs: 150 }))).code).toBe('HANDLER_TIMEOUT_ERROR');
  await expect.poll(() => tools.pool.stats.busy, { timeout: 250, interval: 10 }).toBe(0);
  const ticks = readFileSync(marker).length;
  expect((await run(echo, { args: { a: 1 } })).structuredContent).toEqual({ a: 1 });
  expect(readFileSync(marker).length).toBe(ticks);
});

test('P04: a loop without interrupt checks is ended like any other', async () => {
  const handler = await handlerOf(UNINTERRUPTED, 'loop.ts');
  expect((await failure(run(handler, { timeoutMs: 500 }))).code).toBe('HANDLER_TIMEOUT_ERROR');
  await expect.poll(() => tools.pool.stats.workers, { timeout: 500, interval: 20 }).toBe(0);
});

test('P04: every worker busy: the pool grows and other calls go on', async () => {
  const busy = await handlerOf(BUSY, 'busy.ts');
  const echo = await handlerOf(ECHO, 'echo.ts');
  const loops = [1, 2].map(() => failure(run(busy, { timeoutMs: 1500 })));
  const startedAt = performance.now();
  expect((await run(echo, { args: { a: 1 } })).structuredContent).toEqual({ a: 1 });
  expect(performance.now() - startedAt).toBeLessThan(1400);
  expect((await Promise.all(loops)).map(({ code }) => code)).toEqual([
    'HANDLER_TIMEOUT_ERROR',
    'HANDLER_TIMEOUT_ERROR',
  ]);
});

test.each([
  ['objects', 'const all: unknown[] = []; for (;;) all.push(new Array(1000).fill({}));'],
  ['a map', 'const map = new Map(); for (let i = 0; ; i++) map.set(i, { i });'],
  ['buffers', 'const all: unknown[] = []; for (;;) all.push(Buffer.alloc(1e6, 1));'],
])(
  'P04: a memory bomb of %s ends as HANDLER_MEMORY_ERROR, the process and other calls go on',
  async (_what, body) => {
    const path = tools.write('bomb.ts', `export default () => { ${body} };`);
    const bomb = await tools.prepare({ path }, { sandbox: { ...NO_ACCESS, memoryMb: 32 } });
    const echo = await handlerOf(ECHO, 'echo.ts');
    const [error, result] = await Promise.all([failure(run(bomb)), run(echo, { args: { a: 1 } })]);
    expect(error).toEqual({
      code: 'HANDLER_MEMORY_ERROR',
      message: 'The handler used more than 32 MB of memory.',
    });
    expect(result.structuredContent).toEqual({ a: 1 });
  },
  20_000,
);

test.each([
  ['an error', 'throw new Error("no stock")', 'no stock'],
  ['a text', 'throw "out of order"', 'out of order'],
  ['null', 'throw null', 'The handler threw null.'],
  ['an object with a message', 'throw { message: "custom" }', 'custom'],
  ['a rejected promise', 'return Promise.reject(new TypeError("bad"))', 'bad'],
  [
    'a system error, without its path',
    'require("node:fs").readFileSync("/nowhere/secret.txt")',
    "ENOENT: no such file or directory, open 'secret.txt'",
  ],
  ['process.exit', 'process.exit(3)', 'The handler ended its worker (exit code 3).'],
  [
    'an error in a timer',
    'setTimeout(() => { throw new Error("later") }, 5); return new Promise(() => {})',
    'later',
  ],
  ['an unhandled rejection', 'Promise.reject(new Error("lost")); return new Promise(() => {})', 'lost'],
])('%s thrown by a handler is HANDLER_EXECUTION_ERROR for that call only', async (_what, body, message) => {
  const handler = await handlerOf(
    `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);
     export default (args) => { if (args.calm) return 'calm'; ${body} };`,
    'thrower.mjs',
  );
  expect(await failure(run(handler))).toEqual({ code: 'HANDLER_EXECUTION_ERROR', message });
  expect(await run(handler, { args: { calm: true } })).toEqual({ content: [{ type: 'text', text: 'calm' }] });
});

test('what a finished call leaves behind harms no later call', async () => {
  const handler = await handlerOf(
    'export default (args: { leave?: boolean }) => { if (args.leave) setTimeout(() => { throw new Error("late") }, 20); return new Promise((r) => setTimeout(() => r("done"), args.leave ? 0 : 60)); };',
  );
  await run(handler, { args: { leave: true } });
  expect(await run(handler)).toEqual({ content: [{ type: 'text', text: 'done' }] });
  expect(tools.lines.some(({ message }) => message.includes('left an error unhandled'))).toBe(true);
});

test.each([
  ['a function', 'export default () => () => 1;'],
  ['a cycle', 'export default () => { const a: Record<string, unknown> = {}; a.a = a; return a; };'],
  ['a bigint', 'export default () => 5n;'],
  ['an unknown content type', 'export default () => ({ content: [{ type: "hologram" }] });'],
])('%s as result is HANDLER_OUTPUT_ERROR', async (_what, code) => {
  expect((await failure(run(await handlerOf(code)))).code).toBe('HANDLER_OUTPUT_ERROR');
});
