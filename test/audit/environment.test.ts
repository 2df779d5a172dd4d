// What the environment says of the record, through the product as it is started.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAuditLog } from '../../src/gate/audit/audit-log.ts';
import { runCommand } from '../support/command.ts';
import { type AuditedServer, startAuditedServer } from './audited-server.ts';
import { sampleEntry, TEST_KEY } from './sample-log.ts';

const DAY_MS = 86_400_000;

async function withServer(
  env: Readonly<Record<string, string>>,
  check: (server: AuditedServer) => Promise<void>,
): Promise<void> {
  const server = await startAuditedServer({ env });
  try {
    await check(server);
  } finally {
    await server.close();
  }
}

test('P78: AUDIT_LOG_FILE names the file, over the definition', async () => {
  const server = await startAuditedServer({ audit: 'logFile: ./from-definition.log' });
  await server.call('write');
  expect(server.lines(join(server.workspace.directory, 'from-definition.log')).length).toBeGreaterThan(0);
  await server.product.stop();
  const path = join(server.workspace.directory, 'elsewhere', 'named.log');
  const again = await startAuditedServer({ workspace: server.workspace, env: { AUDIT_LOG_FILE: path } });
  await again.call('write');
  expect(again.lines(path).length).toBeGreaterThan(0);
  await again.close();
}, 60_000);

test('P78: AUDIT_SIGNING_KEY signs, and only it verifies', async () => {
  await withServer({ AUDIT_SIGNING_KEY: TEST_KEY }, async (server) => {
    await server.call('write');
    await server.product.stop();
    const verify = (key: string) =>
      runCommand(['audit', 'verify', '--data', server.data], { AUDIT_SIGNING_KEY: key }).code;
    expect([verify(TEST_KEY), verify(Buffer.alloc(32, 8).toString('base64'))]).toEqual([0, 1]);
  });
}, 60_000);

/** A folder with a record of a month ago. */
async function oldRecords(server: AuditedServer): Promise<void> {
  await server.product.stop();
  mkdirSync(server.data, { recursive: true });
  const log = openAuditLog({
    table: { kind: 'sqlite', path: join(server.data, 'audit.db') },
    signingKey: TEST_KEY,
    now: () => Date.now() - 30 * DAY_MS,
  });
  await log.commit(sampleEntry(1));
  await log.close();
}

test('P22 P78: AUDIT_RETENTION_DAYS removes what is older at the start, unless AUDIT_LEGAL_HOLD keeps it', async () => {
  const key = { AUDIT_SIGNING_KEY: TEST_KEY };
  const first = await startAuditedServer({ env: key });
  await oldRecords(first);
  const { workspace } = first;
  const oldOnes = async (server: AuditedServer) =>
    (await server.get('/api/v1/audit?request_id=request-1')).json.records.length;
  const kept = await startAuditedServer({ workspace, env: key });
  expect(await oldOnes(kept)).toBe(1);
  await kept.product.stop();
  const env = { ...key, AUDIT_RETENTION_DAYS: '7' };
  const held = await startAuditedServer({ workspace, env: { ...env, AUDIT_LEGAL_HOLD: 'default' } });
  expect(await oldOnes(held)).toBe(1);
  await held.product.stop();
  const purged = await startAuditedServer({ workspace, env });
  await expect.poll(() => oldOnes(purged), { timeout: 20_000 }).toBe(0);
  await purged.product.stop();
  expect(runCommand(['audit', 'verify', '--data', purged.data], key).out).toContain('whole');
  workspace.remove();
}, 90_000);
