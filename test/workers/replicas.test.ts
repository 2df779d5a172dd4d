// Replicas that share a PostgreSQL and nothing else: a session is not bound to the one that opened it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postJson } from '../support/http-endpoint.ts';
import { createSession } from '../support/mcp-session.ts';
import { createPostgresDatabase } from '../support/postgres-database.ts';
import { type Product, startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { definitionText, KEY } from './serving-workers.ts';

const TEST_MS = 120_000;

describe.skipIf(!(await requires.postgres()))('replicas', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>;
  let workspace: Workspace;
  const replicas: Product[] = [];

  beforeAll(async () => {
    database = await createPostgresDatabase();
    workspace = createWorkspace({
      'who.ts': 'export default () => String(process.pid);\n',
      'quayside.yaml': definitionText(),
    });
    for (const _ of [1, 2]) {
      replicas.push(
        await startProduct({
          definition: { path: workspace.definition },
          env: {
            DATABASE_URL: database.url,
            QUAYSIDE_REPLICAS: '2',
            SESSION_SECRET: 'a-secret-that-both-replicas-share-0123456789',
            API_KEY_SALT: 'a-salt-that-both-replicas-share-01',
          },
        }),
      );
    }
  }, TEST_MS);

  afterAll(async () => {
    for (const replica of replicas) await replica.stop('SIGKILL');
    workspace?.remove();
    await database?.remove();
  }, TEST_MS);

  test(
    'P65: a session goes on in another replica, also after kill -9 of the first',
    async () => {
      const [first, second] = replicas as [Product, Product];
      const session = await createSession(first.url, { key: KEY });
      const call = async ({ url }: Product) => {
        const params = { name: 'who', arguments: {} };
        const answer = await postJson(
          url,
          { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
          session.headers,
        );
        return [answer.status, Number(answer.json?.result?.content[0].text)];
      };
      expect(await call(first)).toEqual([200, first.process.pid]);
      expect(await call(second)).toEqual([200, second.process.pid]);
      await first.stop('SIGKILL');
      expect(await call(second)).toEqual([200, second.process.pid]);
      const stranger = { ...session.headers, 'mcp-session-id': 'r0.made.up' };
      const refused = await postJson(second.url, { jsonrpc: '2.0', id: 1, method: 'ping' }, stranger);
      expect(refused.status).toBe(404);
    },
    TEST_MS,
  );
});
