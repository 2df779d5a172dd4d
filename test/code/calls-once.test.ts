// Calls of the pack's tools with an idempotency key whose end nobody saw: what a repetition gets, over both stores.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { embeddedStore, openStore } from '../../src/store/open-store.ts';
import { systemStatement } from '../../src/store/statement.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { eachStore } from '../support/store.ts';
import { startCodeServer, writeTree } from './code-server.ts';
import { servePack } from './served-pack.ts';

const keys = systemStatement<{ status: string }>('test.code_keys', 'SELECT status FROM idempotency_keys');
/** As if ten minutes and half had passed: nobody believes in the end of the call any more. */
const passLeases = systemStatement('test.code_leases', 'UPDATE idempotency_keys SET locked_until = 0');
/** Whole repositories that are indexed within a minute; the next one waits. */
const STARTS = 10;

test('P20 P41: indexing that was killed is done when it is asked for again with the same key', async () => {
  const work = mkdtempSync(join(tmpdir(), 'quayside-code-once-'));
  const place = {
    root: join(work, 'tree'),
    data: join(work, 'data'),
    options: 'autoIndex: false, watch: false',
  };
  const call = { name: 'index_project', arguments: { idempotency_key: 'one' } };
  const doomed = await startCodeServer({ 'a.ts': 'first_word\n' }, place);
  for (let start = 0; start < STARTS; start++) await doomed.call('index_project');
  writeTree(place.root, { 'a.ts': 'second_word\n' });
  const lost = doomed.client.callTool(call).catch(() => 'lost');
  const store = await openStore(embeddedStore(place.data));
  await expect
    .poll(() => store.read('system', keys, {}), { timeout: 20_000 })
    .toEqual([{ status: 'processing' }]);
  await doomed.product.stop('SIGKILL');
  await doomed.close();
  await lost;
  await store.write('system', [{ statement: passLeases, values: {} }]);
  await store.close();

  const server = await startCodeServer({}, place);
  try {
    const { isError, structuredContent } = await server.client.callTool(call);
    expect([isError, structuredContent]).toEqual([
      undefined,
      expect.objectContaining({ source: 'built', statistics: expect.objectContaining({ read_files: 1 }) }),
    ]);
    expect(await server.call('search_code', { query: 'second_word' })).toMatchObject({ total_found: 1 });
    const again = await server.client.callTool(call);
    expect(again._meta?.['quayside/replayed']).toBe(true);
  } finally {
    await server.close();
    rmSync(work, { recursive: true, force: true });
  }
}, 120_000);

eachStore(({ openStore: open }) => {
  test('P20 P42: of a repository to add, it is found out whether it was', async () => {
    const clock = createFakeClock();
    const pack = await servePack(
      { 'own.ts': 'own\n', 'samples/a.go': 'package a\n' },
      { store: await open(), clock },
    );
    try {
      const tool = pack.served.tools.find(({ spec }) => spec.name === 'add_reference_repository');
      const args = { path: join(pack.root, 'samples') };
      const became = (startedAt: number, more: object = {}, tenantId = 'default') =>
        tool?.reconcile?.({
          ...{ args: { ...args, ...more }, requestId: 'test', idempotencyKey: 'one', startedAt },
          principal: { type: 'key', id: 'test', name: 'test', tenantId, roles: [], permissions: ['*'] },
        });
      const startedAt = clock.now();
      expect(await became(startedAt)).toEqual({ outcome: 'nothing' });
      const made = await pack.call('add_reference_repository', args);
      expect(await became(startedAt)).toMatchObject({ outcome: 'done', result: { structuredContent: made } });
      // Another call's, by its time, its name or its tenant.
      expect(await became(startedAt + 1)).toEqual({ outcome: 'nothing' });
      expect(await became(startedAt, { name: 'others' })).toEqual({ outcome: 'nothing' });
      expect(await became(startedAt, {}, 'other')).toEqual({ outcome: 'nothing' });
      await expect(became(startedAt, { path: '/etc' })).rejects.toMatchObject({
        code: 'path_outside_allowed_roots',
      });
    } finally {
      await pack.close();
    }
  });
});
