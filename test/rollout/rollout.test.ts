// A rollout from outside: who gets which version, what ends it, and who may say so.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { postJson } from '../support/http-endpoint.ts';
import { call } from '../support/json-rpc.ts';
import { createSession } from '../support/mcp-session.ts';
import { createPostgresDatabase } from '../support/postgres-database.ts';
import { requires } from '../support/requires.ts';
import {
  CALLERS,
  ROLLOUT,
  ROLLOUT_KEYS,
  type RolloutServer,
  startRolloutServer,
  versionText,
} from './rollout-server.ts';

const { operator, plain, acmeAdmin } = ROLLOUT_KEYS;
const WAIT = { timeout: 15_000, interval: 100 };
const SHOP = '/api/v1/rollouts/shop';

const open: RolloutServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
async function start(options?: Parameters<typeof startRolloutServer>[0]): Promise<RolloutServer> {
  const server = await startRolloutServer(options);
  open.push(server);
  return server;
}

const versionsOf = async (server: RolloutServer) =>
  Promise.all(CALLERS.map(async (key) => server.versionOf(key)));
const countOf = (versions: readonly (string | null)[], version: string) =>
  versions.filter((one) => one === version).length;

/** Records of the audit log about rollouts, oldest first. */
async function recordsOf(server: RolloutServer) {
  const { json } = await server.rest(operator, 'GET', '/api/v1/audit?resource_type=rollout&limit=50');
  return json.records
    .map((record: Record<string, unknown>) => [record.event_type, record.action, record.user_id])
    .reverse();
}

test('P27: before the start everybody has the stable version; then shares follow the stages up to all', async () => {
  const server = await start();
  expect((await server.rest(operator, 'GET', SHOP)).json).toMatchObject({
    status: 'idle',
    weight: 0,
    stage: 0,
  });
  expect(countOf(await versionsOf(server), '1.0.0')).toBe(CALLERS.length);
  expect((await server.rest(operator, 'POST', `${SHOP}/start`, {})).json).toMatchObject({
    status: 'running',
    weight: 5,
    stage: 1,
  });
  const shares: number[] = [];
  let before = await versionsOf(server);
  for (const weight of [25, 50, 100]) {
    const { json } = await server.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
    expect(json.weight).toBe(weight);
    const after = await versionsOf(server);
    // Whoever had the canary keeps it, and the same caller gets the same version again.
    for (const [index, version] of before.entries())
      if (version === '1.1.0') expect(after[index]).toBe('1.1.0');
    expect(await versionsOf(server)).toEqual(after);
    shares.push(countOf(after, '1.1.0'));
    before = after;
  }
  expect(shares.at(-1)).toBe(CALLERS.length);
  expect(shares[1]).toBeGreaterThan(CALLERS.length / 4);
  expect(shares[1]).toBeLessThan((CALLERS.length * 3) / 4);
  expect((await server.rest(operator, 'GET', SHOP)).json.status).toBe('promoted');
  const metrics = await server.rest(operator, 'GET', '/metrics');
  expect(metrics.text).toContain('quayside_rollout_weight{slug="shop"} 100');
  expect(await recordsOf(server)).toEqual([
    ['admin.action', 'start', 'operator'],
    ['admin.action', 'advance', 'operator'],
    ['admin.action', 'advance', 'operator'],
    ['definition.published', 'promote', 'operator'],
  ]);
}, 60_000);

test('P27 G12: errors of the canary end the rollout by themselves; calls in flight finish', async () => {
  const server = await start();
  await server.rest(operator, 'POST', `${SHOP}/start`, {});
  await server.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
  await server.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
  const versions = await versionsOf(server);
  const onCanary = CALLERS.filter((_, index) => versions[index] === '1.1.0');
  const [patient = '', ...others] = onCanary;
  const inFlight = server.which(patient, { ms: 8000 });
  let isOver = false;
  const load = (async () => {
    while (!isOver)
      await Promise.all(
        others.slice(0, 8).map(async (key) => (await server.which(key, { fail: true })).text()),
      );
  })();
  // How long that takes is proven with a clock of its own, in replicas.test.ts.
  await expect
    .poll(async () => (await server.rest(operator, 'GET', SHOP)).json.weight, {
      timeout: 20_000,
      interval: 100,
    })
    .toBe(0);
  isOver = true;
  await load;
  expect(countOf(await versionsOf(server), '1.0.0')).toBe(CALLERS.length);
  const late = await inFlight;
  expect([late.status, late.headers.get('x-quayside-version'), await late.text()]).toEqual([
    200,
    '1.1.0',
    expect.stringContaining('version 1.1.0'),
  ]);
  expect((await server.rest(operator, 'GET', SHOP)).json).toMatchObject({
    status: 'aborted',
    reason: expect.stringMatching(/^only .* % of \d+ calls succeeded/),
  });
  expect((await recordsOf(server)).at(-1)).toEqual(['definition.rolled_back', 'abort', 'rollout']);
  expect(
    (await recordsOf(server)).filter(([type]: string[]) => type === 'definition.rolled_back'),
  ).toHaveLength(1);
  await expect.poll(() => server.product.log()).toContain('"event":"definition.rolled_back"');
  const metrics = await server.rest(operator, 'GET', '/metrics');
  expect(metrics.text).toContain('quayside_rollout_weight{slug="shop"} 0');
  expect(metrics.text).toContain('quayside_rollout_rollbacks_total{slug="shop"} 1');
}, 60_000);

test('P27: what callers ask wrongly says nothing of the canary', async () => {
  const server = await start();
  await server.rest(operator, 'POST', `${SHOP}/start`, {});
  await server.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
  const until = performance.now() + 5000;
  while (performance.now() < until)
    for (const key of CALLERS.slice(0, 20)) await (await server.which(key, { ms: 'soon' })).text();
  expect((await server.rest(operator, 'GET', SHOP)).json).toMatchObject({
    status: 'running',
    failed_analyses: 0,
  });
}, 60_000);

test('P27: `canary: true` forces the canary for admin:rollout only, even before the start', async () => {
  const server = await start();
  const forced = { canary: 'true' };
  expect(await server.versionOf(operator, forced)).toBe('1.1.0');
  expect(await server.versionOf(operator)).toBe('1.0.0');
  expect(await server.versionOf(operator, { canary: 'yes' })).toBe('1.0.0');
  expect(await server.versionOf(plain, forced)).toBe('1.0.0');
}, 60_000);

test('P27: rollouts are for admin:rollout in the tenant default', async () => {
  const server = await start();
  for (const key of [plain, acmeAdmin]) {
    expect((await server.rest(key, 'GET', '/api/v1/rollouts')).status).toBe(403);
    expect((await server.rest(key, 'GET', SHOP)).status).toBe(403);
    for (const verb of ['start', 'pause', 'promote', 'abort'])
      expect([verb, (await server.rest(key, 'POST', `${SHOP}/${verb}`, {})).status]).toEqual([verb, 403]);
  }
  expect((await server.rest(operator, 'POST', '/api/v1/rollouts/none/start', {})).status).toBe(404);
  expect((await server.rest(operator, 'POST', `${SHOP}/pause`, {})).status).toBe(409);
  expect((await server.rest(operator, 'GET', SHOP)).json.status).toBe('idle');
}, 60_000);

test('P27: a session of an older revision keeps its version, and is told when it has another', async () => {
  const server = await start();
  await server.rest(operator, 'POST', `${SHOP}/start`, {});
  const toolsIn = async (headers: Readonly<Record<string, string>>) => {
    const answer = await postJson(server.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers);
    return [answer.headers.get('x-quayside-version'), answer.text.includes('extra')];
  };
  const versions = await versionsOf(server);
  const key = CALLERS[versions.indexOf('1.0.0')] ?? '';
  const session = await createSession(server.url, { key });
  expect(await toolsIn(session.headers)).toEqual(['1.0.0', false]);
  const stream = await fetch(server.url, { headers: { ...session.headers, accept: 'text/event-stream' } });
  // Others go on to the canary, this session does not until everybody has it.
  while ((await server.versionOf(key)) === '1.0.0')
    await server.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
  const { status } = (await server.rest(operator, 'GET', SHOP)).json;
  if (status !== 'promoted') expect(await toolsIn(session.headers)).toEqual(['1.0.0', false]);
  await server.rest(operator, 'POST', `${SHOP}/promote`, {});
  expect(await toolsIn(session.headers)).toEqual(['1.1.0', true]);
  await server.rest(operator, 'POST', `${SHOP}/abort`, { reason: 'regret' });
  expect(await toolsIn(session.headers)).toEqual(['1.0.0', false]);
  const first = await stream.body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toContain('notifications/tools/list_changed');
}, 60_000);

test('P27: a canary that takes less, or lacks a tool, starts only where that is allowed', async () => {
  const canary = versionText('1.1.0')
    .replace('which:', 'what:')
    .replace(
      'extra: { description: Only here., input: {}',
      'extra: { description: Only here., input: { id: string }',
    );
  const stable = versionText('1.0.0', ROLLOUT).replace(
    'tools:\n',
    'tools:\n  extra: { description: Both., input: {}, file: ./which-1.0.0.ts }\n',
  );
  const server = await start({
    files: { 'canary.yaml': canary, 'stable.yaml': stable },
  });
  const refused = await server.rest(operator, 'POST', `${SHOP}/start`, {});
  expect([refused.status, refused.json.error.details.breaking]).toEqual([
    409,
    ['the tool extra: id required: false -> true', 'the tool which is gone'],
  ]);
  const byCommand = runCommand(['rollout', 'start', 'shop', ...server.words]);
  expect([byCommand.code, byCommand.err]).toEqual([1, expect.stringContaining('--allow-breaking')]);
  const allowed = await server.rest(operator, 'POST', `${SHOP}/start`, { allow_breaking: true });
  expect([allowed.status, allowed.json.weight]).toEqual([200, 5]);
}, 60_000);

test('P27: a canary that cannot be loaded any more ends its rollout, and the stable version goes on', async () => {
  const server = await start();
  const { workspace, product } = server;
  await server.rest(operator, 'POST', `${SHOP}/start`, {});
  const file = join(workspace.directory, 'which-1.1.0.ts');
  writeFileSync(file, 'export default (;\n');
  await expect.poll(async () => (await server.rest(operator, 'GET', SHOP)).json.status, WAIT).toBe('aborted');
  const { json } = await server.rest(operator, 'GET', SHOP);
  expect(json).toMatchObject({ weight: 0, canary_problem: expect.stringContaining('HANDLER_SYNTAX_ERROR') });
  expect(json.reason).toMatch(/^the canary could not be loaded/);
  expect(await server.versionOf(operator)).toBe('1.0.0');
  expect(await server.versionOf(operator, { canary: 'true' })).toBe('1.0.0');
  await expect.poll(() => product.log(), WAIT).toContain('definition.rolled_back');
  await expect
    .poll(async () => (await recordsOf(server)).at(-1), WAIT)
    .toEqual(['definition.rolled_back', 'abort', 'rollout']);
  expect((await server.rest(operator, 'POST', `${SHOP}/start`, {})).status).toBe(409);
}, 60_000);

test('P27: what took over is the definition: a reload without it changes nothing', async () => {
  const server = await start();
  const { workspace } = server;
  await server.rest(operator, 'POST', `${SHOP}/start`, {});
  await server.rest(operator, 'POST', `${SHOP}/promote`, {});
  const reload = async () => (await server.rest(operator, 'POST', '/admin/reload', {})).status;
  const handler = join(workspace.directory, 'which-1.1.0.ts');
  const before = readFileSync(handler, 'utf8');
  writeFileSync(handler, 'export default (;\n');
  expect([await reload(), await server.versionOf(plain)]).toEqual([422, '1.1.0']);
  writeFileSync(handler, before);
  rmSync(join(workspace.directory, 'canary.yaml'));
  expect([await reload(), await server.versionOf(plain)]).toEqual([422, '1.1.0']);
  expect((await server.rest(operator, 'GET', SHOP)).json.status).toBe('promoted');
  // What it took over from can go: then it is served alone, and no answer names a version.
  writeFileSync(join(workspace.directory, 'stable.yaml'), versionText('1.1.0'));
  expect(await reload()).toBe(200);
  const alone = await server.which(plain);
  expect([alone.headers.get('x-quayside-version'), await alone.text()]).toEqual([
    null,
    expect.stringContaining('version 1.1.0'),
  ]);
  expect((await server.rest(operator, 'GET', '/api/v1/rollouts')).json).toEqual({ rollouts: [] });
}, 60_000);

test('P27: the command line steers a running server', async () => {
  const server = await start();
  const rollout = (...words: string[]) => runCommand(['rollout', ...words, ...server.words]);
  expect(rollout('status').out).toContain('shop: 1.1.0 beside 1.0.0, idle, 0 %');
  expect(rollout('start', 'shop').out).toContain('running, 5 %; stage 1 of 4');
  expect(rollout('promote', 'shop').out).toContain('promoted, 100 %');
  await expect.poll(() => server.versionOf(plain), WAIT).toBe('1.1.0');
  expect(rollout('abort', 'shop', '--reason', 'regret').out).toContain('aborted, 0 %; stage 4 of 4; regret');
  await expect.poll(() => server.versionOf(plain), WAIT).toBe('1.0.0');
  expect(JSON.parse(rollout('status', 'shop', '--json').out)).toMatchObject({
    status: 'aborted',
    updated_by: 'cli',
  });
  expect(rollout('pause', 'shop').code).toBe(1);
  expect(rollout('status', 'none').code).toBe(1);
  expect((await recordsOf(server)).map(([, action, user]: string[]) => `${action} ${user}`)).toEqual([
    'start cli',
    'promote cli',
    'abort cli',
  ]);
}, 90_000);

test.skipIf(!(await requires.postgres()))(
  'P27: replicas that share a store count together and follow each other within 5 s',
  async () => {
    const database = await createPostgresDatabase();
    const env = { DATABASE_URL: database.url, API_KEY_SALT: 'one-salt-for-both-replicas' };
    try {
      const [one, other] = [await start({ env }), await start({ env })];
      await one.rest(operator, 'POST', `${SHOP}/start`, {});
      await one.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
      await one.rest(operator, 'POST', `${SHOP}/promote`, { next: true });
      await expect.poll(async () => countOf(await versionsOf(other), '1.1.0'), WAIT).toBeGreaterThan(10);
      // Both give the same callers the same version.
      expect(await versionsOf(other)).toEqual(await versionsOf(one));
      const versions = await versionsOf(one);
      const broken = CALLERS.filter((_, index) => versions[index] === '1.1.0').slice(0, 4);
      const weightOf = async (server: RolloutServer) =>
        (await server.rest(operator, 'GET', SHOP)).json.weight;
      let isOver = false;
      const load = (async () => {
        while (!isOver)
          for (const server of [one, other])
            await Promise.all(broken.map(async (key) => (await server.which(key, { fail: true })).text()));
      })();
      await expect.poll(() => weightOf(one), WAIT).toBe(0);
      await expect.poll(async () => countOf(await versionsOf(other), '1.1.0'), { timeout: 5000 }).toBe(0);
      isOver = true;
      await load;
      expect(
        (await recordsOf(one)).filter(([type]: string[]) => type === 'definition.rolled_back'),
      ).toHaveLength(1);
    } finally {
      for (const server of open.splice(0)) await server.close();
      await database.remove();
    }
  },
  120_000,
);

test('a server without a rollout names no version and knows no rollout', async () => {
  const server = await start({
    files: { 'stable.yaml': versionText('1.0.0'), 'canary.yaml': '' },
  }).catch(() => undefined);
  expect(server).toBe(undefined);
  const single = await start({
    files: {
      'stable.yaml': versionText('1.0.0'),
      'canary.yaml': 'name: other\nversion: 1.0.0\n',
    },
  });
  const answer = await call(`${single.product.origin}/mcp/shop`, plain, 'tools/call', {
    name: 'which',
    arguments: {},
  });
  expect([answer.status, answer.headers.get('x-quayside-version')]).toEqual([200, null]);
  expect((await single.rest(operator, 'GET', SHOP)).status).toBe(404);
}, 60_000);
