// Malformed and hostile requests against the real product: each gets its documented answer, and none leaves a mark.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricSum } from '../support/metrics-text.ts';
import type { RawAnswer } from '../support/raw-http.ts';
import { credentials, modernHeaders, sessions } from './header-rows.ts';
import { type HostileRequest, type HostileServer, startHostileServer } from './hostile-server.ts';
import { bodies, framing, slow } from './http-rows.ts';
import { call, textOf } from './message.ts';
import { batches, json, methods, notMessages, parameters, values } from './message-rows.ts';
import { outgoing, paths, resources } from './target-rows.ts';

/** Beyond what a warm heap varies by; a leak of the larger bodies here would be many times that. */
const GROWTH_BYTES_MAX = 160 * 1024 * 1024;

const ROW_DEADLINE_MS = 60_000;

let server: HostileServer;
let bytesBefore: number;
const slowAnswers = new Map<HostileRequest, Promise<RawAnswer>>();

beforeAll(async () => {
  server = await startHostileServer();
  for (let count = 0; count < 50; count++) await call(server, 'echo', { text: 'x'.repeat(100_000) });
  bytesBefore = await residentBytes();
  for (const row of slow) slowAnswers.set(row, row.send(server));
}, 60_000);

afterAll(() => server?.close());

const groups = {
  framing,
  bodies,
  json,
  'not messages': notMessages,
  batches,
  methods,
  parameters,
  values,
  'modern headers': modernHeaders,
  sessions,
  credentials,
  paths,
  resources,
  outgoing,
  slow,
};

for (const [title, rows] of Object.entries(groups)) {
  describe(title, () => {
    test.each(rows.map((row) => [row.title, row] as const))(
      '%s',
      async (_title, row) => {
        const answer = await (slowAnswers.get(row) ?? row.send(server));
        const code = answer.json?.error?.code;
        expect({ status: answer.status, ...(row.code === undefined ? {} : { code }) }).toEqual({
          status: row.status,
          ...(row.code === undefined ? {} : { code: row.code }),
        });
        row.check?.(answer, server);
      },
      ROW_DEADLINE_MS,
    );
  });
}

describe('afterwards', () => {
  test('calls are answered and the process is healthy', async () => {
    expect(textOf(await call(server, 'echo', { still: 'here' }))).toBe('{"still":"here"}');
    const health = await fetch(`${server.product.origin}/health`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'healthy' }]);
  });

  test('no connection is left open', async () => {
    const connections = async () =>
      metricSum(await metrics(), 'mcp_active_connections', { transport: 'http' });
    // One that asks for the metrics.
    await expect.poll(connections, { timeout: 20_000, interval: 250 }).toBeLessThanOrEqual(1);
  }, 30_000);

  test('memory has not grown with what was sent', async () => {
    await expect
      .poll(async () => (await residentBytes()) - bytesBefore, { timeout: 20_000, interval: 500 })
      .toBeLessThan(GROWTH_BYTES_MAX);
  }, 30_000);

  test('nothing of it was unexpected: the log has no stack and no error', async () => {
    const log = await server.product.wholeLog();
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    const entries = lines.map((line) => JSON.parse(line));
    expect(entries.filter(({ level }) => ['error', 'critical', 'fatal'].includes(level))).toEqual([]);
    expect(lines.filter((line) => line.includes('"stack"'))).toEqual([]);
    expect(log).not.toMatch(/\n {4}at /);
  });
});

async function metrics(): Promise<string> {
  const answer = await fetch(`${server.product.origin}/metrics`, { headers: { connection: 'close' } });
  return answer.text();
}

async function residentBytes(): Promise<number> {
  return metricSum(await metrics(), 'process_resident_memory_bytes');
}
