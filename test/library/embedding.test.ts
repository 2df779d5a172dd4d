// Quayside inside another program: what docs/embedding.md says.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  ConfigurationError,
  HandlerRegistry,
  PlanError,
  type Server,
  startServer,
} from '../../src/library.ts';
import { createCaller } from '../support/calls.ts';
import { PROJECT } from '../support/product.ts';

const TIMEOUT_MS = 60_000;
const run = promisify(execFile);

let folder: string;
let server: Server | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-embedding-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  HandlerRegistry.getInstance().clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = { LOG_LEVEL: 'error' };
const start = async (definition: Parameters<typeof startServer>[0]['definition'], more = {}) => {
  server = await startServer({ definition, port: 0, data: join(folder, 'data'), env: environment, ...more });
  return server;
};
const open = (tools: object) => ({ name: 'inside', version: '1.0.0', tools });

test('P02: a definition object is served, with functions of the program, until it is stopped', {
  timeout: TIMEOUT_MS,
}, async () => {
  HandlerRegistry.getInstance().register('double', (args) => (args as { n: number }).n * 2);
  const listeners = process.listenerCount('SIGTERM');
  const { url, stop, createKey } = await start({
    ...open({
      double: { description: 'D.', input: { n: 'number' }, handler: 'registry:double' },
      later: { description: 'L.', input: {}, handler: 'registry:later' },
    }),
    security: { authentication: {} },
  });
  const caller = createCaller(url, { key: await createKey('test') });
  expect((await createCaller(url).call('double', { n: 4 })).status).toBe(401);
  expect((await caller.call('double', { n: 4 })).json.result).toMatchObject({ content: [{ text: '8' }] });
  expect((await caller.call('later')).json.result).toMatchObject({
    isError: true,
    _meta: {
      error: { code: 'HANDLER_NOT_FOUND', message: 'No handler is registered as later; 1 is registered.' },
    },
  });
  HandlerRegistry.getInstance().register('later', () => 'now');
  expect((await caller.call('later')).json.result).toMatchObject({ content: [{ text: 'now' }] });
  expect(process.listenerCount('SIGTERM')).toBe(listeners);
  caller.close();
  await stop();
  await expect(fetch(url)).rejects.toThrow();
});

test('P02: a file with plugins is served and reloaded', { timeout: TIMEOUT_MS }, async () => {
  writeFileSync(
    join(folder, 'plugin.ts'),
    'export default (registry: any) => registry.register("greet", () => "hello");',
  );
  const path = join(folder, 'plugged.yaml');
  const text =
    'name: plugged\nversion: 1.0.0\nplugins: [./plugin.ts]\ntools:\n  greet: { description: G., input: {}, handler: "registry:greet" }\n';
  writeFileSync(path, text);
  const { url, reload } = await start(path);
  const caller = createCaller(url);
  expect((await caller.call('greet')).json.result).toMatchObject({ content: [{ text: 'hello' }] });
  writeFileSync(
    join(folder, 'plugin.ts'),
    'export default (registry: any) => registry.register("greet", () => "moin");',
  );
  await expect
    .poll(async () => (await caller.call('greet')).json.result?.content?.[0]?.text, { timeout: 20_000 })
    .toBe('moin');
  writeFileSync(path, text.replace('1.0.0', '['));
  expect(await reload()).toBeInstanceOf(Error);
  expect((await caller.call('greet')).json.result).toMatchObject({ content: [{ text: 'moin' }] });
  caller.close();
});

test('P08: mistakes are thrown with their places, and leave nothing open', {
  timeout: TIMEOUT_MS,
}, async () => {
  const wrong = start(open({ a: { description: 'A.', input: {}, handler: '(args) => {' } }), {
    baseDirectory: folder,
  });
  await expect(wrong).rejects.toThrow(ConfigurationError);
  await expect(wrong).rejects.toThrow('definition.json:8:');
  writeFileSync(join(folder, 'bad-plugin.mjs'), 'export const nothing = 1;');
  const plugged = start({ ...open({}), plugins: ['./bad-plugin.mjs'] }, { baseDirectory: folder });
  await expect(plugged).rejects.toThrow(PlanError);
  await expect(plugged).rejects.toThrow('definition.json:6:5 bad-plugin.mjs'.slice(0, 20));
});

test('the page shows the example as it is', () => {
  const page = readFileSync(join(PROJECT, 'docs/embedding.md'), 'utf8');
  const [, ...lines] = readFileSync(join(PROJECT, 'examples/embedding/price-server.ts'), 'utf8')
    .trim()
    .split('\n');
  expect(page).toContain(`\`\`\`ts\n${lines.join('\n')}\n\`\`\``);
});

test('P02: the example runs in a program that links the package, and its types fit', {
  timeout: TIMEOUT_MS,
}, async () => {
  const project = join(folder, 'program');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(PROJECT, join(project, 'node_modules/quayside'));
  symlinkSync(join(PROJECT, 'node_modules/@types'), join(project, 'node_modules/@types'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(project, 'price-server.ts'),
    readFileSync(join(PROJECT, 'examples/embedding/price-server.ts'), 'utf8'),
  );
  const compilerOptions = {
    module: 'nodenext',
    target: 'esnext',
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['price-server.ts'] }),
  );
  await run(join(PROJECT, 'node_modules/.bin/tsc'), ['-p', project], { cwd: project });
  const child: ChildProcess = spawn(process.execPath, ['price-server.ts'], {
    cwd: project,
    env: { ...process.env, PORT: '0', DATA: join(project, 'data'), LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line]: string[] = await once(lines, 'line');
    const { url, key }: { url: string; key: string } = JSON.parse(line ?? '');
    const caller = createCaller(url, { key });
    const price = (await caller.call('price_of', { article: 'paper' })).json.result;
    expect(price).toMatchObject({ structuredContent: { article: 'paper', price: 4.5 } });
    const total = (await caller.call('with_tax', { price: 4.5 })).json.result;
    expect(total).toMatchObject({ structuredContent: { total: 5.36 } });
    caller.close();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
});
