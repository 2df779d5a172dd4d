import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InputRequiredSignal, QuaysideError } from '../../src/errors.ts';
import { createFileTools, ECHO, type FileTools, failure, run } from './file-tool.ts';

let tools: FileTools;
beforeEach(() => {
  tools = createFileTools();
});
afterEach(() => tools.close());

async function handlerOf(code: string, name = 'handler.ts') {
  return tools.prepare({ path: tools.write(name, code) });
}

test('a module is loaded once per worker and version over 100 plans, and a changed one anew', async () => {
  const marker = join(tools.directory, 'loads');
  const module = (answer: number) =>
    `import { appendFileSync } from 'node:fs'; import { helper } from './helper.ts';
     appendFileSync(${JSON.stringify(marker)}, '.'); export default () => [${answer}, helper];`;
  tools.write('helper.ts', 'export const helper = 1;');
  const path = tools.write('module.ts', module(1));
  for (let plan = 0; plan < 100; plan++) {
    const handler = await tools.prepare({ path });
    expect((await run(handler)).structuredContent).toEqual([1, 1]);
  }
  expect(readFileSync(marker, 'utf8')).toBe('.');
  tools.write('module.ts', module(2));
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
  expect((await run(await tools.prepare({ path }))).structuredContent).toEqual([2, 1]);
  const helper = tools.write('helper.ts', 'export const helper = 2;');
  utimesSync(helper, new Date(), new Date(Date.now() + 9000));
  expect((await run(await tools.prepare({ path }))).structuredContent).toEqual([2, 2]);
  expect(readFileSync(marker, 'utf8')).toBe('...');
});

test('10,000 calls leave no worker, timer or handle behind', async () => {
  const echo = await handlerOf(ECHO, 'echo.ts');
  await run(echo);
  const before = process.getActiveResourcesInfo().length;
  for (let round = 0; round < 100; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => run(echo, { args: { index } })));
  }
  expect(tools.pool.stats.queued).toBe(0);
  expect(tools.pool.stats.busy).toBe(0);
  // Each further worker holds a handful of ports and streams until it retires.
  const perWorker = 4;
  const grown = (tools.pool.stats.workers - 1) * perWorker;
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + grown + 2);
}, 60_000);

test('idle workers retire, and closing the pool fails what still runs', async () => {
  const brief = createFileTools({ idleMs: 30 });
  try {
    const echo = await brief.prepare({ path: brief.write('echo.ts', ECHO) });
    await run(echo);
    await expect.poll(() => brief.pool.stats.workers, { timeout: 2000 }).toBe(0);
    expect((await run(echo, { args: { again: true } })).structuredContent).toEqual({ again: true });
    const endless = await brief.prepare({
      path: brief.write('endless.ts', 'export default () => new Promise(() => {});'),
    });
    const running = failure(run(endless));
    await expect.poll(() => brief.pool.stats.busy).toBe(1);
    await brief.pool.close();
    expect((await running).code).toBe('HANDLER_EXECUTION_ERROR');
    await expect(run(echo)).rejects.toThrow(QuaysideError);
  } finally {
    await brief.close();
  }
});

test('cancelling aborts the signal in the worker, and a handler that stops keeps its worker', async () => {
  const marker = join(tools.directory, 'aborted');
  const handler = await handlerOf(`import { writeFileSync } from 'node:fs';
    export default (_: unknown, context: any) => new Promise((_resolve, reject) => {
      context.signal.addEventListener('abort', () => { writeFileSync(${JSON.stringify(marker)}, context.signal.reason.message); reject(context.signal.reason); });
    });`);
  const controller = new AbortController();
  const cancelled = new QuaysideError('draining');
  const outcome = run(handler, { signal: controller.signal });
  await expect.poll(() => tools.pool.stats.busy).toBe(1);
  controller.abort(cancelled);
  await expect(outcome).rejects.toBe(cancelled);
  await expect.poll(() => existsSync(marker)).toBe(true);
  await expect.poll(() => tools.pool.stats.busy).toBe(0);
  expect(tools.pool.stats.workers).toBe(1);
  await expect(run(handler, { signal: AbortSignal.abort(cancelled) })).rejects.toBe(cancelled);
});

test('a call that ends for two reasons at once leaves its worker to the next call', async () => {
  const asking = await handlerOf(
    "export default (_: unknown, context: any) => context.requestInput({ name: { method: 'roots/list' } });",
    'asking.ts',
  );
  // Longer than a handler has to stop after it was told to.
  const slow = await handlerOf(
    "export default () => new Promise((resolve) => setTimeout(resolve, 300, 'done'));",
    'slow.ts',
  );
  const controller = new AbortController();
  const required = new InputRequiredSignal({ name: { method: 'roots/list' } });
  const outcome = run(asking, {
    signal: controller.signal,
    client: {
      supports: () => true,
      requestInput: () => {
        // As the gate does: what asked is told to stop in the same turn in which its answer becomes known.
        queueMicrotask(() => controller.abort(required));
        return Promise.reject(required);
      },
    },
  });
  await expect(outcome).rejects.toBe(required);
  await expect.poll(() => tools.pool.stats.busy).toBe(0);
  expect((await run(slow)).content).toEqual([{ type: 'text', text: 'done' }]);
  expect(tools.pool.stats.workers).toBe(1);
});

test('a call that is cancelled while it waits for a worker never starts', async () => {
  const small = createFileTools({ size: 1, maxSize: 1 });
  try {
    const marker = join(small.directory, 'ran');
    writeFileSync(marker, '');
    const slow = await small.prepare({
      path: small.write('slow.ts', 'export default () => new Promise((r) => setTimeout(r, 300));'),
    });
    const noted = await small.prepare({
      path: small.write(
        'noted.ts',
        `import { appendFileSync } from 'node:fs'; export default () => appendFileSync(${JSON.stringify(marker)}, '.');`,
      ),
    });
    const first = run(slow);
    expect((await failure(run(noted, { timeoutMs: 50 }))).code).toBe('HANDLER_TIMEOUT_ERROR');
    await first;
    await run(slow);
    expect(readFileSync(marker, 'utf8')).toBe('');
  } finally {
    await small.close();
  }
});

test('more waiting calls than the queue holds are refused as overload', async () => {
  const small = createFileTools({ size: 1, maxSize: 1 });
  try {
    const slow = await small.prepare({
      path: small.write('slow.ts', 'export default () => new Promise(() => {});'),
    });
    const controller = new AbortController();
    const calls = Array.from({ length: 1002 }, () =>
      run(slow, { signal: controller.signal }).catch((error: unknown) => error),
    );
    expect(await calls[1001]).toMatchObject({ code: 'overloaded' });
    controller.abort(new QuaysideError('draining'));
    await Promise.all(calls);
    expect(small.pool.stats.queued).toBe(0);
  } finally {
    await small.close();
  }
});

test('P04: a handler whose calls never end leaves workers, and places in the queue, to the others', async () => {
  const small = createFileTools({ size: 4, maxSize: 4 });
  const controller = new AbortController();
  try {
    const endless = await small.prepare({
      path: small.write('endless.ts', 'export default () => new Promise(() => {});'),
    });
    const echo = await small.prepare({ path: small.write('echo.ts', ECHO) });
    const flood = (calls: number) =>
      Array.from({ length: calls }, () =>
        run(endless, { signal: controller.signal, timeoutMs: 600_000 }).catch((error: unknown) => error),
      );
    const held = flood(20);
    await expect.poll(() => small.pool.stats.busy, { timeout: 30_000 }).toBe(3);
    // Three of the four run, the others wait for one of them; those of the echo pass them.
    for (let index = 0; index < 5; index++)
      expect((await run(echo, { args: { index }, timeoutMs: 60_000 })).structuredContent).toEqual({ index });
    expect(small.pool.stats).toMatchObject({ busy: 3, queued: 17 });
    // Three quarters of the queue are all that it may fill.
    held.push(...flood(733));
    await expect.poll(() => small.pool.stats.queued).toBe(750);
    expect(await flood(1)[0]).toMatchObject({ code: 'overloaded' });
    expect((await run(echo, { args: { last: 1 }, timeoutMs: 60_000 })).structuredContent).toEqual({
      last: 1,
    });
    controller.abort(new QuaysideError('draining'));
    await Promise.all(held);
    expect(small.pool.stats.queued).toBe(0);
  } finally {
    await small.close();
  }
}, 120_000);

/** A handler that answers when it is told to be kind, and never otherwise. */
const MOODY = 'export default ({ kind }) => (kind ? "done" : new Promise(() => {}));';

test('P04: a handler whose workers had to be ended holds one at a time, until its calls end well again', async () => {
  const small = createFileTools({ size: 4, maxSize: 4 });
  try {
    const moody = await small.prepare({ path: small.write('moody.ts', MOODY) });
    for (let kill = 0; kill < 2; kill++) await failure(run(moody, { timeoutMs: 50 }));
    await expect.poll(() => small.pool.stats.busy).toBe(0);
    const flood = (signal: AbortSignal) =>
      Array.from({ length: 4 }, () => failure(run(moody, { signal, timeoutMs: 600_000 })));
    const first = new AbortController();
    const held = flood(first.signal);
    const echo = await small.prepare({ path: small.write('echo.ts', ECHO) });
    for (let index = 0; index < 5; index++) await run(echo, { args: { index }, timeoutMs: 60_000 });
    expect(small.pool.stats).toMatchObject({ busy: 1, queued: 3 });
    first.abort(new QuaysideError('draining'));
    await Promise.all(held);
    await expect.poll(() => small.pool.stats.busy).toBe(0);
    for (let calm = 0; calm < 2; calm++) await run(moody, { args: { kind: true }, timeoutMs: 60_000 });
    const second = new AbortController();
    held.push(...flood(second.signal));
    await expect.poll(() => small.pool.stats, { timeout: 30_000 }).toMatchObject({ busy: 3, queued: 1 });
    second.abort(new QuaysideError('draining'));
    await Promise.all(held);
  } finally {
    await small.close();
  }
}, 120_000);

test('P04: a handler whose calls take long leaves the last idle worker to the others', async () => {
  const small = createFileTools({ size: 2, maxSize: 4 });
  const controller = new AbortController();
  try {
    const moody = await small.prepare({ path: small.write('moody.ts', MOODY) });
    const slow = 'export default () => new Promise((resolve) => setTimeout(resolve, 300, "slow"));';
    const sleeper = await small.prepare({ path: small.write('slow.ts', slow) });
    const begin = () => failure(run(moody, { signal: controller.signal, timeoutMs: 600_000 }));
    const held = [begin()];
    await run(sleeper, { timeoutMs: 60_000 });
    expect(small.pool.stats).toMatchObject({ workers: 2, busy: 1 });
    held.push(begin());
    await expect.poll(() => small.pool.stats, { timeout: 30_000 }).toMatchObject({ workers: 3, busy: 2 });
    controller.abort(new QuaysideError('draining'));
    await Promise.all(held);
  } finally {
    await small.close();
  }
}, 120_000);

test('P04: a result that is too large stays in its worker', async () => {
  const tool = await tools.prepare(
    { path: tools.write('large.ts', "export default ({ length }: any) => 'x'.repeat(length);") },
    {},
    { maxResultBytes: 1000 },
  );
  expect(await failure(run(tool, { args: { length: 4000 } }))).toEqual({
    code: 'HANDLER_OUTPUT_ERROR',
    message: 'The result is larger than limits.maxResultSize allows.',
  });
  // What lies only a little above is for the gate to refuse, which says how large a result may be.
  expect((await run(tool, { args: { length: 1500 } })).content).toHaveLength(1);
});
