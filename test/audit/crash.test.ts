// A server that is killed while it records: the chains stay whole, and what was acknowledged is there.
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { type AuditedServer, startAuditedServer } from './audited-server.ts';

const ROUNDS = 3;
const CALLERS = 8;
/** Writes that are acknowledged before the process is killed. */
const WRITES_BEFORE_KILL = 150;

test('P22 G10: kill -9 while auditing leaves every acknowledged write, whole chains and no lost line', async () => {
  let server: AuditedServer = await startAuditedServer();
  const acknowledged: string[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) server = await startAuditedServer({ workspace: server.workspace });
      await writeUntilKilled(server, acknowledged, round);
    }
    const { data } = server;
    const verified = runCommand(['audit', 'verify', '--data', data]);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('whole')]);
    // The next start completes the file from the table.
    server = await startAuditedServer({ workspace: server.workspace });
    await server.product.stop();
    const file = join(data, 'logs', 'audit.log');
    const verifiedFile = runCommand(['audit', 'verify', '--file', file, '--data', data]);
    expect([verifiedFile.code, verifiedFile.out]).toEqual([0, expect.stringContaining('whole')]);
    const exported = runCommand(['audit', 'export', '--data', data]).out;
    const recorded = new Set(Array.from(exported.matchAll(/"text":"(write-[0-9-]+)"/g), ([, text]) => text));
    expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS * WRITES_BEFORE_KILL);
    expect(acknowledged.filter((text) => !recorded.has(text))).toEqual([]);
    const lines = JSON.stringify(server.lines());
    expect(acknowledged.filter((text) => !lines.includes(text))).toEqual([]);
  } finally {
    await server.close();
  }
}, 120_000);

async function writeUntilKilled(server: AuditedServer, acknowledged: string[], round: number): Promise<void> {
  let sent = 0;
  let isKilled = false;
  const target = acknowledged.length + WRITES_BEFORE_KILL;
  const caller = async () => {
    while (!isKilled) {
      const text = `write-${round}-${sent++}`;
      const answer = await server.call('write', { text }).catch(() => undefined);
      if (answer?.status === 200) acknowledged.push(text);
      if (acknowledged.length >= target && !isKilled) {
        isKilled = true;
        server.product.process.kill('SIGKILL');
      }
    }
  };
  const exited = once(server.product.process, 'exit');
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await exited;
}
