// Feature flags from outside: REST, the command line, several replicas, and what the shipped ones switch.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { createPostgresDatabase } from '../support/postgres-database.ts';
import { requires } from '../support/requires.ts';
import {
  FLAG_KEYS,
  type FlagServer,
  flagDefinition,
  startFlagServer,
  startFlagService,
} from './flag-server.ts';

const { operator, plain, acmeAdmin } = FLAG_KEYS;
const WAIT = { timeout: 5000, interval: 50 };

let server: FlagServer;

beforeAll(async () => {
  server = await startFlagServer({
    definition: flagDefinition('flags:\n  new-search: { percent: 10, users: [ada] }\n'),
  });
}, 90_000);

afterAll(() => server?.close());

test('P26: the shipped flags are there and off; what a definition declares is beside them', async () => {
  const { json } = await server.rest(operator, 'GET', '/api/v1/flags');
  expect(
    json.flags.map(({ key, source, enabled }: Record<string, unknown>) => [key, source, enabled]),
  ).toEqual([
    ['cache-embeddings', 'shipped', true],
    ['enhanced-logging', 'shipped', true],
    ['new-rag-algorithm', 'shipped', true],
    ['new-search', 'definition', true],
    ['streaming-responses', 'shipped', true],
  ]);
  const value = async (query: string) =>
    (await server.rest(operator, 'GET', `/api/v1/flags/new-search/evaluation?${query}`)).json;
  expect(await value('user=ada')).toEqual({ key: 'new-search', value: true, reason: 'TARGETING_MATCH' });
  expect((await server.rest(operator, 'GET', '/api/v1/flags/enhanced-logging/evaluation')).json.value).toBe(
    false,
  );
}, 60_000);

test('P26 P21: a flag is made, changed and removed, each change with who, before and after in the record', async () => {
  const { rest } = server;
  const made = await rest(operator, 'PUT', '/api/v1/flags/beta', { percent: 10, type: 'permission' });
  expect([made.status, made.json.percent, made.json.source, made.json.updated_by]).toEqual([
    200,
    10,
    'stored',
    'operator',
  ]);
  const changed = await rest(operator, 'PATCH', '/api/v1/flags/beta', { percent: 25 });
  expect([changed.json.percent, changed.json.type]).toEqual([25, 'permission']);
  const value = () => rest(operator, 'GET', '/api/v1/flags/beta/evaluation?user=ada&tenant=acme');
  expect(await value()).toMatchObject({ status: 200 });
  expect((await rest(operator, 'DELETE', '/api/v1/flags/beta')).status).toBe(204);
  expect((await rest(operator, 'GET', '/api/v1/flags/beta')).status).toBe(404);
  const { json } = await rest(operator, 'GET', '/api/v1/audit?resource_type=flag&limit=10');
  const records = json.records;
  expect(
    records
      .filter((record: { resource_id: string }) => record.resource_id === 'beta')
      .map((record: { action: string; user_id: string; changes: { before?: object; after?: object } }) => [
        record.action,
        record.user_id,
        Object(record.changes.before).percent,
        Object(record.changes.after).percent,
      ])
      .sort(),
  ).toEqual([
    ['create', 'operator', undefined, 10],
    ['delete', 'operator', 25, undefined],
    ['update', 'operator', 10, 25],
  ]);
}, 60_000);

test('a flag that is shipped or declared cannot be removed, one that was set is as before again', async () => {
  const { rest } = server;
  expect((await rest(operator, 'DELETE', '/api/v1/flags/cache-embeddings')).status).toBe(409);
  // What a shipped flag is stays said, whatever is said of whom it is on for.
  const put = await rest(operator, 'PUT', '/api/v1/flags/cache-embeddings', { percent: 1 });
  expect([put.json.type, put.json.description]).toEqual(['ops', expect.stringContaining('Without effect')]);
  expect((await rest(operator, 'DELETE', '/api/v1/flags/cache-embeddings')).status).toBe(204);
  expect((await rest(operator, 'PATCH', '/api/v1/flags/new-search', { enabled: false })).json.source).toBe(
    'stored',
  );
  expect((await rest(operator, 'DELETE', '/api/v1/flags/new-search')).status).toBe(204);
  const { json } = await rest(operator, 'GET', '/api/v1/flags/new-search');
  expect([json.source, json.enabled, json.percent]).toEqual(['definition', true, 10]);
}, 60_000);

test('P15 P16: flags are for admin:flags in the tenant default; another tenant sees and changes none', async () => {
  for (const key of [plain, acmeAdmin]) {
    for (const [method, target, body] of [
      ['GET', '/api/v1/flags', undefined],
      ['GET', '/api/v1/flags/enhanced-logging', undefined],
      ['GET', '/api/v1/flags/enhanced-logging/evaluation', undefined],
      ['PUT', '/api/v1/flags/mine', {}],
      ['PATCH', '/api/v1/flags/enhanced-logging', { percent: 100 }],
      ['DELETE', '/api/v1/flags/enhanced-logging', undefined],
    ] as const) {
      expect([method, target, (await server.rest(key, method, target, body)).status]).toEqual([
        method,
        target,
        403,
      ]);
    }
  }
  expect((await server.rest(operator, 'GET', '/api/v1/flags/mine')).status).toBe(404);
}, 60_000);

test('what cannot be a flag is refused with the member and its rule', async () => {
  const refused = async (key: string, body: unknown) => {
    const { status, json } = await server.rest(operator, 'PUT', `/api/v1/flags/${key}`, body);
    return [status, json.error.message];
  };
  expect(await refused('Upper', {})).toEqual([400, expect.stringContaining('key: must be')]);
  expect((await refused('beta', { percent: 101 }))[0]).toBe(400);
  expect((await refused('beta', { percent: 1.5 }))[0]).toBe(400);
  expect((await refused('beta', { users: [''] }))[0]).toBe(400);
  expect((await refused('beta', { colour: 'red' }))[0]).toBe(400);
}, 60_000);

test('P26: what the command line sets is seen by a running server within a second, and recorded', async () => {
  const words = ['--definition', server.definition, '--data', server.data];
  const set = runCommand(['flags', 'set', 'ops-switch', '--users', 'ada', '--percent', '0', ...words]);
  expect(set.err).toBe('');
  expect(set.out).toBe(
    'ops-switch is on for users ada and 0 % of users, else off; running servers follow within a second.\n',
  );
  await expect
    .poll(
      async () =>
        (await server.rest(operator, 'GET', '/api/v1/flags/ops-switch/evaluation?user=ada')).json.value,
      WAIT,
    )
    .toBe(true);
  const listed = runCommand(['flags', 'list', ...words]);
  expect(listed.out).toContain(
    'new-search  release  on for users ada and 10 % of users, else off  definition',
  );
  expect(runCommand(['flags', 'set', 'ops-switch', '--off', ...words]).out).toContain('ops-switch is off');
  expect(runCommand(['flags', 'unset', 'ops-switch', ...words]).code).toBe(0);
  expect(runCommand(['flags', 'unset', 'ops-switch', ...words]).code).toBe(1);
  const { json } = await server.rest(operator, 'GET', '/api/v1/audit?resource_type=flag&user=cli');
  expect(json.records.length).toBeGreaterThanOrEqual(3);
}, 60_000);

test('P26: enhanced-logging writes debug lines for the requests of its users, and for no others', async () => {
  const { product, rest, say } = server;
  const call = async (key: string, text: string, headers?: Record<string, string>) =>
    void (await (await say(key, text, headers)).text());
  const callAsAda = (text: string) => call(operator, text, { 'X-User-ID': 'ada' });
  const putOn = () => rest(operator, 'PATCH', '/api/v1/flags/enhanced-logging', { users: ['ada'] });
  const debugLines = () =>
    product
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":"debug"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  /** Lines are written in blocks, in order: with the end of a call that began later all that came before is there. */
  const untilEnded = (calls: number) =>
    expect.poll(() => debugLines().filter(({ message }) => message === 'call ends').length, WAIT).toBe(calls);

  await call(operator, 'before-the-flag');
  await putOn();
  await callAsAda('by-ada');
  await call(operator, 'by-operator');
  await call(plain, 'by-plain');
  await callAsAda('by-ada-again');
  await untilEnded(2);
  const lines = debugLines();
  const messages = lines.map(({ message }) => message);
  expect(messages.filter((message) => message === 'call begins')).toHaveLength(2);
  expect(lines.map(({ data }) => data)).toContain('handler says by-ada');
  for (const other of ['before-the-flag', 'by-operator', 'by-plain'])
    expect(JSON.stringify(lines)).not.toContain(other);

  await rest(operator, 'DELETE', '/api/v1/flags/enhanced-logging');
  await callAsAda('ada-afterwards');
  await putOn();
  await callAsAda('ada-at-last');
  await untilEnded(3);
  expect(await product.wholeLog()).not.toContain('ada-afterwards');
  await rest(operator, 'DELETE', '/api/v1/flags/enhanced-logging');
}, 60_000);

test('P26: streaming-responses lets the calls of its users answer as a stream from their start', async () => {
  const { rest, say } = server;
  const typeOf = async (key: string, headers?: Record<string, string>) => {
    const response = await say(key, 'streamed', headers);
    return [
      response.status,
      response.headers.get('content-type'),
      (await response.text()).includes('streamed'),
    ];
  };
  expect(await typeOf(plain)).toEqual([200, 'application/json', true]);
  await rest(operator, 'PATCH', '/api/v1/flags/streaming-responses', { keys: ['plain'] });
  expect(await typeOf(plain)).toEqual([200, 'text/event-stream', true]);
  expect(await typeOf(operator)).toEqual([200, 'application/json', true]);
  // A client that takes no stream gets none, and what the gate refuses keeps its status.
  expect(await typeOf(plain, { Accept: 'application/json' })).toEqual([200, 'application/json', true]);
  expect((await say('flags-test-key-of-nobody-01', 'x')).status).toBe(401);
  await rest(operator, 'DELETE', '/api/v1/flags/streaming-responses');
  expect(await typeOf(plain)).toEqual([200, 'application/json', true]);
}, 60_000);

test('P26 P78: an outside service decides (QUAYSIDE_FLAGS_URL); when it fails, own flags hold and the log says so', async () => {
  const service = await startFlagService();
  service.state.flags = [
    { key: 'streaming-responses', value: true, reason: 'TARGETING_MATCH', variant: 'on' },
    { key: 'enhanced-logging', errorCode: 'PARSE_ERROR' },
    { key: 'colour', value: 'red' },
  ];
  const other = await startFlagServer({
    env: { QUAYSIDE_FLAGS_URL: service.url, QUAYSIDE_FLAGS_TOKEN: 'token-of-the-flag-service' },
  });
  try {
    const contentType = async () => {
      const response = await other.say(plain, 'remote');
      await response.text();
      return response.headers.get('content-type');
    };
    await expect.poll(contentType, WAIT).toBe('text/event-stream');
    expect(service.asked[0]).toEqual({
      authorization: 'Bearer token-of-the-flag-service',
      context: expect.objectContaining({
        targetingKey: 'plain',
        tenant: 'default',
        environment: 'development',
      }),
    });
    const value = () => other.rest(operator, 'GET', '/api/v1/flags/streaming-responses/evaluation');
    await expect.poll(async () => (await value()).json.reason, WAIT).toBe('REMOTE');
    service.state.status = 500;
    await expect.poll(contentType, { timeout: 8000, interval: 200 }).toBe('application/json');
    await expect
      .poll(() => other.product.log())
      .toContain("The flag service cannot be asked; the product's own flags and defaults hold.");
    expect(other.product.log()).toContain('The flag service answered 500.');
    expect(await other.product.wholeLog()).not.toContain('token-of-the-flag-service');
    const health = (await other.rest(operator, 'GET', '/health/detailed')).json;
    expect(JSON.stringify(health)).toContain('flag_service');
  } finally {
    await other.close();
    await service.close();
  }
}, 60_000);

test.skipIf(!(await requires.postgres()))(
  'P26: a change is visible on every replica within 5 s',
  async () => {
    const database = await createPostgresDatabase();
    const env = { DATABASE_URL: database.url, API_KEY_SALT: 'one-salt-for-both-replicas' };
    const one = await startFlagServer({ env });
    const other = await startFlagServer({ env });
    try {
      await one.rest(operator, 'PUT', '/api/v1/flags/shared', { users: ['ada'] });
      const seen = async () =>
        (await other.rest(operator, 'GET', '/api/v1/flags/shared/evaluation?user=ada')).json?.value;
      await expect.poll(seen, WAIT).toBe(true);
      await one.rest(operator, 'PATCH', '/api/v1/flags/streaming-responses', { keys: ['plain'] });
      const streams = async () => (await other.say(plain, 'x')).headers.get('content-type');
      await expect.poll(streams, WAIT).toBe('text/event-stream');
    } finally {
      await one.close();
      await other.close();
      await database.remove();
    }
  },
  90_000,
);
