// The secrets that sign sessions and tokens, rotated by the command line while the product serves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type FinishedProcess, runQuayside } from '../support/finished-process.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { KEY, type ServingWorkers, startWorkers } from '../workers/serving-workers.ts';

const TIMEOUT_MS = 90_000;
const POLL = { timeout: 30_000 };
/** A new secret signs 5 s after the rotation; the rest is for a machine that is busy. */
const SOON_MS = 30_000;

const DEFINITION = `
name: guarded
version: 1.0.0
tools:
  one: { description: One., input: {}, file: ./echo.ts }
security:
  trustProxy: ["127.0.0.1"]
  authentication: { local: { enabled: true } }
`;

const workspaces: Workspace[] = [];
const products: Product[] = [];
let serving: ServingWorkers | undefined;
afterEach(async () => {
  for (const product of products.splice(0)) await product.stop('SIGKILL');
  await serving?.stop();
  serving = undefined;
  for (const workspace of workspaces.splice(0)) workspace.remove();
});

function makeWorkspace(): Workspace {
  const workspace = createWorkspace({
    'echo.ts': "export default () => 'done';\n",
    'quayside.yaml': DEFINITION,
  });
  workspaces.push(workspace);
  return workspace;
}

async function serve(workspace: Workspace, env: Readonly<Record<string, string>> = {}): Promise<Product> {
  const data = join(workspace.directory, 'data');
  const product = await startProduct({ definition: { path: workspace.definition }, data, env });
  products.push(product);
  return product;
}

function rotate(data: string, ...words: readonly string[]): Promise<FinishedProcess> {
  return runQuayside(['rotate-secrets', ...words, '--data', data]);
}

async function makeUser(data: string): Promise<{ readonly email: string; readonly password: string }> {
  const { out } = await runQuayside(['users', 'create', 'ann@example.com', '--data', data, '--json']);
  const { email, password } = JSON.parse(out);
  return { email, password };
}

let addresses = 0;
async function ask({ origin }: Product, path: string, given: { body?: object; token?: string }) {
  const { body, token } = given;
  const answer = await fetch(`${origin}/api/v1/auth/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      // Logins are limited by address.
      'x-forwarded-for': `198.51.100.${++addresses % 250}`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? {} : JSON.parse(text) };
}

const statusOf = async (product: Product, token: string) => (await ask(product, 'me', { token })).status;
const logIn = async (product: Product, body: object): Promise<string> =>
  (await ask(product, 'login', { body })).json.access_token;
const keyIdOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')).kid;

describe('token-signing', () => {
  test(
    'P24: tokens of before a rotation count on, later ones are signed anew, also after a restart; without a grace they end',
    async () => {
      const workspace = makeWorkspace();
      const product = await serve(workspace);
      const { data } = product;
      const ann = await makeUser(data);
      const before = await logIn(product, ann);
      const ran = await rotate(data, '--name', 'token-signing', '--json');
      const { signsFrom, oldUntil } = JSON.parse(ran.out);
      expect(Date.parse(oldUntil) - Date.parse(signsFrom)).toBe(24 * 3_600_000);
      let after = '';
      const seen: number[] = [];
      await expect
        .poll(
          async () => {
            after = await logIn(product, ann);
            seen.push(await statusOf(product, before), await statusOf(product, after));
            return keyIdOf(after) === keyIdOf(before);
          },
          { timeout: SOON_MS, interval: 500 },
        )
        .toBe(false);
      expect(new Set(seen)).toEqual(new Set([200]));
      await product.stop();
      const restarted = await serve(workspace);
      for (const token of [before, after]) expect(await statusOf(restarted, token)).toBe(200);
      expect((await rotate(data, '--name', 'token-signing', '--grace', '0')).code).toBe(0);
      await expect.poll(() => statusOf(restarted, after), { timeout: SOON_MS }).toBe(401);
      expect(await statusOf(restarted, before)).toBe(401);
      expect(await statusOf(restarted, await logIn(restarted, ann))).toBe(200);
      const file = JSON.parse(readFileSync(join(data, 'secrets.json'), 'utf8'));
      expect(await restarted.wholeLog()).not.toContain(file.tokenSecret);
      const records = await runQuayside(['audit', 'export', '--data', data]);
      const rotations = records.out
        .split('\n')
        .filter((line) => line.includes('"secret.rotated"'))
        .map((line) => JSON.parse(line));
      expect(rotations.map((one) => [one.action, one.resource_id, one.result, one.user_id])).toEqual([
        ['rotate', 'token-signing', 'success', 'cli'],
        ['rotate', 'token-signing', 'success', 'cli'],
      ]);
      expect(records.out).not.toContain(file.tokenSecret);
    },
    TIMEOUT_MS,
  );

  test(
    'P24: with SESSION_SECRET_PREVIOUS tokens of the secret before count, and without it they do not',
    async () => {
      const workspace = makeWorkspace();
      const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
      const product = await serve(workspace, { SESSION_SECRET: first });
      const ann = await makeUser(product.data);
      const token = await logIn(product, ann);
      await product.stop();
      const both = await serve(workspace, { SESSION_SECRET: second, SESSION_SECRET_PREVIOUS: first });
      expect(await statusOf(both, token)).toBe(200);
      expect(keyIdOf(await logIn(both, ann))).not.toBe(keyIdOf(token));
      await both.stop();
      expect(await statusOf(await serve(workspace, { SESSION_SECRET: second }), token)).toBe(401);
    },
    TIMEOUT_MS,
  );
});

test(
  'P24: sessions of before a rotation are found by every worker, and without a grace by none that does not hold them',
  async () => {
    serving = await startWorkers({ workers: 2 });
    const { data } = serving.product;
    const connections = await serving.connectToAll();
    const kept = await openSession(serving.product);
    const answers = (id: string) => Promise.all(connections.map((one) => statusIn(one, id)));
    expect(await answers(kept)).toEqual([200, 200]);
    expect((await rotate(data, '--name', 'session')).out).toContain('session is rotated');
    const { sessionRotation } = JSON.parse(readFileSync(join(data, 'secrets.json'), 'utf8'));
    // Every id that is made meanwhile is found everywhere, whoever has read the new secret already.
    const seen: number[] = [];
    await expect
      .poll(
        async () => {
          seen.push(...(await answers(await openSession(serving?.product))));
          return Date.now() > sessionRotation.since;
        },
        { timeout: SOON_MS, interval: 300 },
      )
      .toBe(true);
    expect(new Set(seen)).toEqual(new Set([200]));
    expect(await answers(kept)).toEqual([200, 200]);
    expect((await rotate(data, '--name', 'session', '--grace', '0')).code).toBe(0);
    await expect.poll(async () => (await answers(kept)).toSorted(), POLL).toEqual([200, 404]);
    expect(await answers(await openSession(serving.product))).toEqual([200, 200]);
  },
  TIMEOUT_MS,
);

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'x-api-key': KEY,
};

async function openSession(product: Product | undefined): Promise<string> {
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  };
  const answer = await fetch(product?.url ?? '', {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  await answer.text();
  return answer.headers.get('mcp-session-id') ?? '';
}

async function statusIn(
  connection: { post(body: object, headers: Record<string, string>): Promise<{ readonly status: number }> },
  id: string,
): Promise<number> {
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' };
  return (await connection.post(ping, headers)).status;
}

describe('refusals', () => {
  test(
    'P24: what the environment gives is changed there, and the command says how',
    async () => {
      const { directory } = makeWorkspace();
      for (const [variable, name] of [
        ['SESSION_SECRET', 'session'],
        ['SECRET_KEY', 'token-signing'],
      ] as const) {
        const words = ['rotate-secrets', '--name', name, '--data', join(directory, 'data')];
        const ran = await runQuayside(words, { env: { [variable]: 's'.repeat(32) } });
        expect(ran.code).toBe(78);
        expect(ran.err).toContain(`${name}: SESSION_SECRET (or SECRET_KEY) gives this secret`);
        expect(ran.err).toContain('SESSION_SECRET_PREVIOUS to the old one');
      }
    },
    TIMEOUT_MS,
  );

  test.each([
    [['--name', 'session', '--data-key'], 2, '--data-key goes with the master key'],
    [['--name', 'session', '--file', 'value'], 2, '--file goes with a stored secret; session is generated.'],
    [['--grace', '1'], 2, '--grace does not go with the master key'],
    [['--name', 'session', '--grace', '721'], 2, 'A grace is a whole number of hours from 0 to 720.'],
    [['--name', 'session', '--grace', '-1'], 2, 'A grace is a whole number'],
    [['--name', 'session'], 78, 'There is nothing to rotate yet'],
  ])(
    'P24: rotate-secrets %j is refused with %i: %s',
    async (words, code, message) => {
      const { directory } = makeWorkspace();
      const ran = await rotate(join(directory, 'data'), ...words);
      expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(message)]);
    },
    TIMEOUT_MS,
  );
});
