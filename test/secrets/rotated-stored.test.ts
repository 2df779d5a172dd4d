// Stored secrets, rotated by the command line while the product serves, and put back.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from '../http-handler/local-server.ts';
import { createCaller } from '../support/calls.ts';
import { runQuayside } from '../support/finished-process.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const KEY = 'rotated-secrets-test-key-4f9c2b7e';
const TIMEOUT_MS = 90_000;

let upstream: LocalServer;
let workspace: Workspace;
let data: string;
let product: Product | undefined;

beforeAll(async () => {
  upstream = await startLocalServer();
});
afterAll(() => upstream.close());
beforeEach(() => {
  workspace = createWorkspace({});
  data = join(workspace.directory, 'data');
});
afterEach(async () => {
  await product?.stop('SIGKILL');
  product = undefined;
  workspace.remove();
});

const quayside = (words: readonly string[], input?: string) =>
  runQuayside([...words, '--data', data], { ...(input === undefined ? {} : { input }) });
const rotate = (name: string, value: string, ...words: readonly string[]) =>
  quayside(['rotate-secrets', '--name', name, ...words], `${value}\n`);

async function seenKey({ url }: Product): Promise<unknown> {
  const caller = createCaller(url, { key: KEY });
  const { json } = await caller.call('ask');
  caller.close();
  expect(json.result.isError).toBeUndefined();
  return upstream.seen.at(-1)?.headers['x-upstream-key'];
}

test(
  'P24: a stored secret is rotated while its tool is called, and put back',
  async () => {
    workspace.write(
      'quayside.yaml',
      `
name: rotating
version: 1.0.0
tools:
  ask:
    description: Asks.
    input: {}
    handler: { type: http, method: GET, url: "${upstream.url}/", headers: { X-Upstream-Key: "\${secret:upstream}" } }
security:
  rateLimit: { maxRequests: 100000 }
  authentication: { apiKeys: [{ name: admin, key: ${KEY}, permissions: ["*"] }] }
`,
    );
    await quayside(['secrets', 'set', 'upstream'], 'planted-first\n');
    const started = await startProduct({ definition: { path: workspace.definition }, data });
    product = started;
    expect(await seenKey(started)).toBe('planted-first');
    const rotated = await rotate('upstream', 'planted-second');
    expect([rotated.code, rotated.out]).toEqual([
      0,
      expect.stringContaining('upstream is rotated (version 2) and was read back'),
    ]);
    await expect.poll(() => seenKey(started), { timeout: 30_000 }).toBe('planted-second');
    expect((await quayside(['secrets', 'list'])).out).toMatch(
      /^upstream {2}version 2 {2}\S+ {2}version 1 can be restored until \d{4}-/,
    );
    const restored = await quayside(['secrets', 'restore', 'upstream', '--json']);
    expect(JSON.parse(restored.out)).toEqual({ name: 'upstream', version: 3 });
    await expect.poll(() => seenKey(started), { timeout: 30_000 }).toBe('planted-first');
    expect((await quayside(['secrets', 'restore', 'upstream'])).err).toContain(
      'upstream has no value before this one that could be put back.',
    );
    const records = (await quayside(['audit', 'export'])).out.split('\n').filter((line) => line !== '');
    const told = records.map((line) => JSON.parse(line)).filter((one) => one.event_type === 'secret.rotated');
    // Each process has a chain of its own, and the chains come one after another.
    expect(told.map((one) => [one.action, one.resource_id, one.result]).toSorted()).toEqual([
      ['restore', 'upstream', 'success'],
      ['rotate', 'upstream', 'success'],
    ]);
    expect(`${records.join()}${started.log()}`).not.toContain('planted');
    expect(readFileSync(join(data, 'quayside.db')).includes('planted')).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  'P24: a rotation of a stored secret needs one that is there and a value, and changes nothing without',
  async () => {
    expect(await rotate('absent', 'planted')).toMatchObject({
      code: 1,
      err: expect.stringContaining('No secret has the name "absent".'),
    });
    expect((await quayside(['secrets', 'list'])).out).toContain('No secrets yet');
    await quayside(['secrets', 'set', 'session'], 'planted-first\n');
    expect(await rotate('secret:session', '')).toMatchObject({
      code: 2,
      err: expect.stringContaining('The value is empty'),
    });
    expect(await rotate('secret:session', '***')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not shown'),
    });
    const file = join(workspace.directory, 'value');
    writeFileSync(file, 'planted-second\n');
    const ran = await rotate('secret:session', '', '--file', file, '--json');
    expect(JSON.parse(ran.out)).toEqual({ name: 'session', version: 2, graceHours: 24 });
    await quayside(['secrets', 'delete', 'session']);
    expect((await quayside(['secrets', 'restore', 'session'])).code).toBe(1);
  },
  TIMEOUT_MS,
);
