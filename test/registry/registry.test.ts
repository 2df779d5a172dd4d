// Registered functions: the programmatic registry, and plugins that register on the worker pool (spec servers §3.7).
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HandlerRegistry } from '../../src/handlers/registry/handler-registry.ts';
import { loadPlugins } from '../../src/handlers/registry/plugins.ts';
import {
  createRegistryHandler,
  type RegistryHandlerDeps,
} from '../../src/handlers/registry/registry-handler.ts';
import {
  baseContext,
  createFileTools,
  type FileTools,
  failure,
  MAX_RESULT_BYTES,
  run,
} from '../file-handler/file-tool.ts';

describe('the registry', () => {
  test('P02: registers, tells and forgets functions', () => {
    const registry = new HandlerRegistry();
    registry.register('a', () => 1);
    registry.register('b', () => 2);
    expect([registry.size, registry.list(), registry.has('a'), registry.has('c')]).toEqual([
      2,
      ['a', 'b'],
      true,
      false,
    ]);
    expect(() => registry.register('a', () => 3)).toThrow('registered already');
    expect([registry.unregister('a'), registry.unregister('a'), registry.has('a')]).toEqual([
      true,
      false,
      false,
    ]);
    registry.clear();
    expect([registry.size, registry.list()]).toEqual([0, []]);
  });

  test('refuses what is no name or no function', () => {
    const registry = new HandlerRegistry();
    expect(() => registry.register('', () => 1)).toThrow(TypeError);
    expect(() => Reflect.apply(registry.register, registry, ['a', 5])).toThrow('not a function');
  });

  test('P02: there is one for the process', () => {
    expect(HandlerRegistry.getInstance()).toBe(HandlerRegistry.getInstance());
  });
});

describe('handlers', () => {
  let tools: FileTools;
  let registry: HandlerRegistry;
  beforeEach(() => {
    tools = createFileTools();
    registry = new HandlerRegistry();
  });
  afterEach(() => tools.close());

  const prepare = (name: string, deps: Partial<RegistryHandlerDeps> = {}) =>
    createRegistryHandler({
      pool: tools.pool,
      registry,
      plugins: new Map(),
      maxResultBytes: MAX_RESULT_BYTES,
      ...deps,
    })({ type: 'registry', name, timeout: 5000 }, baseContext('/', tools.log));
  const load = (...paths: string[]) =>
    loadPlugins(paths, {
      pool: tools.pool,
      baseDirectory: tools.directory,
      memoryMb: 128,
      isTaken: (name) => registry.has(name),
    });

  test('P02: a registered function is called with arguments and context, on the main thread', async () => {
    let here: unknown;
    registry.register('echo', (args, context) => {
      here = args;
      return { args, tool: context.metadata.toolName, frozen: Object.isFrozen(args) };
    });
    const { structuredContent } = await run(await prepare('echo'), { args: { a: 1 } });
    expect(structuredContent).toEqual({ args: { a: 1 }, tool: 'tool', frozen: true });
    expect(here).toEqual({ a: 1 });
  });

  test('a name may be registered after the definition was loaded', async () => {
    registry.register('one', () => 1);
    const handler = await prepare('late');
    expect(await failure(run(handler))).toEqual({
      code: 'HANDLER_NOT_FOUND',
      message: 'No handler is registered as late; 1 is registered.',
    });
    registry.register('late', () => 'there');
    expect((await run(handler)).content[0]?.text).toBe('there');
    registry.unregister('late');
    expect((await failure(run(handler))).code).toBe('HANDLER_NOT_FOUND');
  });

  test('P04: functions of plugins run on workers, and are killed at their timeout', async () => {
    tools.write('names.ts', 'export const NAME: string = "shout";');
    tools.write(
      'plugin.ts',
      `import { isMainThread } from 'node:worker_threads';
       import { NAME } from './names.ts';
       export default async (registry: { register(name: string, handler: unknown): void }) => {
         registry.register(NAME, (args: { text: string }) => ({ text: args.text.toUpperCase(), isMainThread }));
         registry.register('hang', () => { for (;;); });
       };`,
    );
    const plugins = await load('./plugin.ts');
    expect(plugins.problems).toEqual([]);
    expect([...plugins.functions.keys()]).toEqual(['shout', 'hang']);
    expect(plugins.files.map((file) => file.slice(tools.directory.length)).sort()).toEqual([
      '/names.ts',
      '/plugin.ts',
      '/plugin.ts',
    ]);
    const shout = await prepare('shout', { plugins: plugins.functions });
    const hang = await prepare('hang', { plugins: plugins.functions });
    const expected = { text: 'A', isMainThread: false };
    expect((await run(shout, { args: { text: 'a' } })).structuredContent).toEqual(expected);
    expect((await failure(run(hang, { timeoutMs: 150 }))).code).toBe('HANDLER_TIMEOUT_ERROR');
    expect((await run(shout, { args: { text: 'a' } })).structuredContent).toEqual(expected);
  });

  test.each([
    ['no function', 'export const a = 1;', 'no function as default export'],
    ['a mistake', 'export default (registry => {', 'plugin.ts'],
    ['an error', 'export default () => { throw new Error("no"); };', 'no'],
    [
      'a name twice',
      'export default (r) => { r.register("a", () => 1); r.register("a", () => 2); };',
      'twice',
    ],
    [
      'a name that the program has',
      'export default (r) => r.register("own", () => 1);',
      'registered already',
    ],
    ['no handler', 'export default (r) => r.register("a", 5);', 'not a function'],
  ])('P08: a plugin with %s is a problem at its place', async (_what, code, message) => {
    registry.register('own', () => 1);
    tools.write('good.mjs', 'export default (registry) => registry.register("good", () => 1);');
    tools.write('plugin.mjs', code);
    const { problems, functions } = await load('./good.mjs', './plugin.mjs');
    expect(problems).toEqual([
      {
        pointer: '/plugins/1',
        error: expect.objectContaining({
          message: expect.stringContaining(message.replace('plugin.ts', 'plugin.mjs')),
        }),
      },
    ]);
    expect(functions.has('good')).toBe(true);
  });
});
