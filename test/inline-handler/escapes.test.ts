// Attempts of inline code to reach the host: each must find nothing of Node, of its files, environment, network or
// globals (spec servers §11 N3). An attempt returns what it found; errors and absence count as nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../file-handler/file-tool.ts';
import { createInlineTools, type InlineTools } from './inline-tool.ts';

const CANARY = 'canary-b7f1d0';

let tools: InlineTools;
beforeAll(() => {
  process.env.QUAYSIDE_ESCAPE_CANARY = CANARY;
  tools = createInlineTools({ size: 1, maxSize: 1 });
});
afterAll(async () => {
  delete process.env.QUAYSIDE_ESCAPE_CANARY;
  await tools.close();
});

/** Reads whatever of the host a global object, or a function of its realm, would give. */
const LOOT = `
  // A proxy would be asked for its loot by the loot itself.
  let busy = false;
  const loot = (realm) => {
    if (realm === undefined || realm === null || busy) return undefined;
    busy = true;
    try { return search(realm) } finally { busy = false }
  };
  const search = (realm) => {
    const found = [];
    for (const name of ['process', 'require', 'module', 'Buffer', 'global', 'fetch', 'WebAssembly', 'performance', 'navigator', 'setImmediate', 'Deno', 'Bun', 'std', 'os']) {
      try { if (realm[name] !== undefined) found.push(name); } catch {}
    }
    try { if (realm.process) found.push(JSON.stringify(realm.process.env)); } catch {}
    return found.length > 0 ? found : undefined;
  };
  const realmOf = (fn) => { try { return fn.constructor('return this')(); } catch { return undefined; } };
`;

const attempts: readonly (readonly [string, string])[] = [
  ['globalThis', 'return loot(globalThis)'],
  ['this', 'return loot((function () { return this })())'],
  ['indirect eval', 'return loot((0, eval)("this"))'],
  ['the Function constructor', 'return loot(Function("return this")())'],
  ['an arrow constructor', 'return loot((() => 1).constructor("return this")())'],
  ['an async function constructor', 'return loot(await (async () => 1).constructor("return this")())'],
  ['a generator constructor', 'return loot((function* () {}).constructor("yield this")().next().value)'],
  [
    'an async generator constructor',
    'return loot((await (async function* () {}).constructor("yield this")().next()).value)',
  ],
  ['the constructor of args', 'return loot(args.constructor.constructor("return this")())'],
  ['the constructor of nested args', 'return loot(args.list.constructor.constructor("return this")())'],
  ['the constructor of context', 'return loot(context.constructor.constructor("return this")())'],
  [
    'the prototype of context',
    'return loot(Object.getPrototypeOf(context).constructor.constructor("return this")())',
  ],
  [
    'every member of context',
    'return Object.values(context).map((one) => loot(realmOf(Object(one).constructor))).find(Boolean)',
  ],
  [
    'every function of context',
    'return [context.notify, context.roots, context.requestInput, context.closeStream, context.logger.info].map((one) => loot(realmOf(one))).find(Boolean)',
  ],
  ['the logger', 'return loot(realmOf(context.logger.info)) ?? loot(context.logger)'],
  [
    'the signal',
    'return loot(realmOf(context.signal.addEventListener)) ?? loot(Object.getPrototypeOf(context.signal))',
  ],
  ['console', 'return loot(realmOf(console.log)) ?? loot(console)'],
  [
    'console internals',
    'return [console._stdout, console.Console, console._events].find((one) => one !== undefined)',
  ],
  ['setTimeout', 'return loot(realmOf(setTimeout))'],
  [
    'this of a timer',
    'return loot(await new Promise((resolve) => setTimeout(function () { resolve(this) }, 1)))',
  ],
  [
    'a timer with text',
    'try { setTimeout("globalThis.hit = 1", 1) } catch { return undefined } return "took text"',
  ],
  [
    'the handle of a timer',
    'const id = setTimeout(() => 1, 50); return typeof id === "number" ? undefined : loot(id)',
  ],
  [
    'an error of the host',
    'try { await context.requestInput(5) } catch (error) { return loot(realmOf(error.constructor)) ?? (/node:|\\.ts|\\/src\\//.test(error.stack ?? "") ? error.stack : undefined) }',
  ],
  [
    'the prototype of a host error',
    'try { await context.readResource?.("x"); await context.requestInput({}) } catch (error) { return loot(realmOf(Object.getPrototypeOf(error).constructor)) }',
  ],
  [
    'members of a host error',
    'try { await context.requestInput({ a: { method: "x" } }) } catch (error) { return Reflect.ownKeys(error).find((key) => !["message", "name", "stack", "code"].includes(key)) }',
  ],
  [
    'the stack of an overflow',
    'const dive = () => dive() + 1; try { dive() } catch (error) { return loot(realmOf(error.constructor)) ?? (/node:|wasm:|\\.ts/.test(error.stack) ? error.stack : undefined) }',
  ],
  [
    'prepareStackTrace',
    'let seen; Error.prepareStackTrace = (error, frames) => { seen = frames?.map?.((frame) => loot(frame.getThis?.()) ?? loot(realmOf(frame.getFunction?.()))).find(Boolean); return "" }; try { null.x } catch (error) { error.stack } return seen',
  ],
  [
    'captureStackTrace',
    'const target = {}; Error.captureStackTrace?.(target); return /node:|\\.ts|\\/src\\//.test(String(target.stack)) ? target.stack : undefined',
  ],
  [
    'arguments.callee.caller',
    'function inner() { return arguments.callee.caller?.caller } return loot(realmOf(inner()))',
  ],
  [
    'a promise of the host',
    'const made = context.roots(); made.catch(() => 1); return loot(realmOf(made.constructor))',
  ],
  [
    'a patched Promise.then',
    'let caught; const then = Promise.prototype.then; Promise.prototype.then = function (...all) { caught ??= all.map((one) => loot(realmOf(one))).find(Boolean); return then.apply(this, all) }; await context.roots().catch(() => 1); return caught',
  ],
  ['a thenable result', 'return { then(resolve) { resolve(loot(realmOf(resolve))) } }'],
  [
    'a species constructor',
    'class Own extends Promise { constructor(run) { super((a, b) => { Own.found ??= loot(realmOf(a)); run(a, b) }) } } await Own.resolve(1).then(() => 1); return Own.found',
  ],
  [
    'a proxy as result',
    'let found; const proxy = new Proxy({}, { get(target, key, receiver) { found ??= loot(receiver); return undefined }, ownKeys() { return [] } }); JSON.stringify(proxy); return found',
  ],
  [
    'a proxy as argument of a log',
    'let found; console.log(new Proxy({}, { get(_, key, receiver) { found ??= loot(receiver); return undefined } })); return found',
  ],
  [
    'a getter read by the host',
    'let found; context.logger.info({ get secret() { found = loot(this) ?? loot(realmOf(arguments.callee)); return 1 } }); return found',
  ],
  [
    'toJSON called by the host',
    'let found; console.log({ toJSON() { found = loot(this) ?? loot(realmOf(arguments.callee.caller ?? (() => 1))); return 1 } }); return found',
  ],
  [
    'valueOf given as a number',
    'let found; context.reportProgress?.({ valueOf() { found = loot(this); return 1 } }); return found',
  ],
  [
    'a name that is an object',
    'let found; try { await context.secrets?.get({ toString() { found = loot(this); return "x" } }) } catch {} return found',
  ],
  [
    'a patched JSON',
    'let found; const { stringify } = JSON; JSON.stringify = function (value, replacer) { found ??= loot(realmOf(replacer)); return stringify.apply(this, arguments) }; console.log({}); return found',
  ],
  [
    'a patched WeakMap',
    'let found; const { get } = WeakMap.prototype; WeakMap.prototype.get = function (key) { found ??= loot(key) ?? loot(this); return get.call(this, key) }; try { await context.requestInput(5) } catch {} return found',
  ],
  [
    'a patched Map',
    'let found; const { set } = Map.prototype; Map.prototype.set = function (key, value) { found ??= loot(realmOf(value)); return set.call(this, key, value) }; context.roots().catch(() => 1); return found',
  ],
  [
    'a patched Object.assign',
    'let found; const { assign } = Object; Object.assign = (target, ...all) => { found ??= loot(target); return assign(target, ...all) }; try { await context.requestInput(5) } catch {} return found',
  ],
  [
    'import() of node:fs',
    'return loot(await import("node:fs").catch(() => undefined)) ?? (await import("node:fs").then((fs) => Object.keys(fs), () => undefined))',
  ],
  [
    'import() of a file',
    'return await import("/etc/passwd").then((found) => Object.keys(found), () => undefined)',
  ],
  [
    'import() of data',
    'return await import("data:text/javascript,export default 1").then((found) => found.default, () => undefined)',
  ],
  [
    'import() of the engine',
    'return (await Promise.all(["std", "os", "qjs:std", "qjs:os", "bjson"].map((name) => import(name).then(() => name, () => undefined)))).find(Boolean)',
  ],
  ['import.meta', 'try { return eval("import.meta.url") } catch { return undefined }'],
  [
    'require by many names',
    'return ["require", "process", "module", "exports", "__filename", "__dirname", "load", "loadScript", "scriptArgs", "print", "gc"].find((name) => { try { return typeof eval(name) !== "undefined" } catch { return false } })',
  ],
  ['process.binding', 'try { return process.binding("fs") } catch { return undefined }'],
  [
    'shared memory',
    'const shared = new SharedArrayBuffer(8); console.log(shared); return loot(realmOf(shared.constructor))',
  ],
  [
    'a finalizer',
    'let found; const registry = new FinalizationRegistry(function () { found = loot(this) }); registry.register({}, 1); await null; return found',
  ],
  ['the species of an array buffer', 'return loot(realmOf(new Uint8Array(8).buffer.constructor))'],
  [
    'a symbol of the registry',
    'return [Symbol.for("nodejs.util.inspect.custom"), Symbol.for("nodejs.util.promisify.custom")].map((key) => globalThis[key] ?? context[key] ?? Function.prototype[key]).find(Boolean)',
  ],
  [
    'names hidden on the global object',
    'return Reflect.ownKeys(globalThis).find((key) => /quayside|host|guest|wasm|bridge/i.test(String(key)))',
  ],
  [
    'source of functions of the host',
    'return [context.requestInput, console.log, setTimeout].map(String).find((text) => /import|node:|parentPort/.test(text))',
  ],
  [
    'prototype pollution by args',
    'Object.setPrototypeOf(Object.prototype.__proto__ ?? {}, null); ({}).__proto__.polluted = 1; return undefined',
  ],
  [
    'the environment in a template',
    'return `${typeof process === "undefined" ? "" : process.env.QUAYSIDE_ESCAPE_CANARY}` || undefined',
  ],
  [
    'a regular expression with a host symbol',
    'let found; "x".replace({ [Symbol.replace](...all) { found = all.map((one) => loot(one)).find(Boolean); return "" } }, ""); return found',
  ],
  [
    'a result form that poses as an error',
    'return { content: [], isError: false, _meta: {}, get structuredContent() { return loot(this) } }.structuredContent',
  ],
];

test('P04: at least forty attempts are made', () => {
  expect(attempts.length).toBeGreaterThanOrEqual(40);
});

test.each(attempts)('P04: %s reaches nothing of the host', async (_name, body) => {
  const handler = await tools.prepare(
    `async (args, context) => { ${LOOT} let found; try { found = await (async () => { ${body} })(); } catch {} return { found: found === undefined ? null : String(found) } }`,
    {},
    {},
    { readResource: () => Promise.reject(new TypeError('no such resource')), readSecret: async () => 'x' },
  );
  const logged: unknown[] = [];
  const client = {
    log: (_level: string, data: unknown) => logged.push(data),
    requestInput: () => Promise.reject(new TypeError('no input')),
  };
  const result = await run(handler, { args: { list: [{}], text: 'a' }, client });
  expect(result.structuredContent).toEqual({ found: null });
  expect(JSON.stringify([result, logged])).not.toContain(CANARY);
  // Nothing was left on the host's own prototypes.
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test.each([
  [
    'asks',
    'JSON.stringify = () => "no json"; try { await context.roots() } catch (error) { return String(error.stack) }',
  ],
  [
    'remarks',
    'JSON.stringify = () => "no json"; try { console.log(1) } catch (error) { return String(error.stack) }',
  ],
  ['failures', 'JSON.stringify = () => "no json"; throw new Error("x")'],
  ['a parsed answer', 'JSON.parse = () => { throw new Error("x") }; await context.readResource("docs://a")'],
  ['results', 'JSON.stringify = () => "no json"; return { a: 1 }'],
])(
  'P04: code that changes how %s are written fails alone, and learns nothing of the host',
  async (_what, body) => {
    const handler = await tools.prepare(`async (args, context) => { ${body} }`);
    const read = { readResource: async () => [] };
    const outcome = await run(handler, { client: { ...read, log: () => undefined }, timeoutMs: 300 }).then(
      (result) => JSON.stringify(result),
      (error: unknown) => String(error),
    );
    expect(outcome).not.toMatch(/node:|\.ts\b|\/src\//);
    expect((await run(await tools.prepare('() => 1'))).content[0]?.text).toBe('1');
  },
);

test('P04: what is forged in the name of the isolate does not reach the client', async () => {
  const heard: unknown[] = [];
  const forged = [
    { kind: 'progress', progress: 'much' },
    { kind: 'progress', progress: 1, message: { a: 1 } },
    { kind: 'notify', change: { kind: 'everything' } },
    { kind: 'notify', change: 5 },
    { kind: 'unknown' },
    { kind: 'notify', change: { kind: 'tools' } },
  ];
  const code = `() => {
    const { stringify } = JSON;
    for (const one of ${JSON.stringify(forged)}) { JSON.stringify = () => stringify(one); console.log(1) }
    JSON.stringify = stringify;
  }`;
  await run(await tools.prepare(code), {
    client: {
      progress: (...said) => heard.push(['progress', ...said]),
      notify: (change) => heard.push(change),
    },
  });
  expect(heard).toEqual([{ kind: 'tools' }]);
});
