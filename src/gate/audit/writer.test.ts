import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createIdSource, stampEntry } from './entry.ts';
import { createSealer } from './sealer.ts';
import { createAuditSigner } from './signing.ts';
import type { AuditGroup } from './table.ts';
import { AuditWriter } from './writer.ts';

const ENTRY = {
  eventType: 'tool.executed',
  result: 'success',
  tenantId: 'default',
  action: 'tools/call',
  resourceType: 'tool',
} as const;
const AT = 1_790_000_000_000;

let appended: { records: number; heads: number; isDurable: boolean }[];
let written: number[];
let failed: number[];
let refuses: boolean;
let syncsAlways: boolean;
let writer: AuditWriter;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  [appended, written, failed, refuses, syncsAlways] = [[], [], [], false, false];
  writer = new AuditWriter({
    table: {
      async append(group: AuditGroup, mustSync: boolean) {
        if (refuses) throw new Error('full');
        const isDurable = mustSync || syncsAlways;
        appended.push({ records: group.records.length, heads: group.heads.length, isDurable });
        return isDurable;
      },
      lastCheckpoints: async () => [],
      removePrefix: async () => 0,
      moveCursor: async () => undefined,
      close: async () => undefined,
    },
    sealer: createSealer('writer', { value: (value) => value, text: (text) => text }),
    signer: createAuditSigner(Buffer.alloc(32, 5).toString('base64')),
    stored: () => undefined,
    events: { written: (upTo) => written.push(upTo), failed: (upTo) => failed.push(upTo) },
    now: () => AT,
  });
});

afterEach(() => vi.useRealTimers());

const nextId = createIdSource();

function batch(number: number, isAwaited: boolean) {
  return { number, entries: `[${stampEntry(ENTRY, nextId(AT), AT)}]`, isAwaited };
}

/** Long enough for every group that can be stored now. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('P21: what somebody waits for is synced at once, with all before it', async () => {
  writer.accept(batch(1, false));
  await settle();
  expect([appended, written]).toEqual([[{ records: 1, heads: 1, isDurable: false }], []]);
  writer.accept(batch(2, true));
  await settle();
  expect([appended[1], written]).toEqual([{ records: 1, heads: 1, isDurable: true }, [2]]);
  vi.advanceTimersByTime(10_000);
  await settle();
  expect(appended).toHaveLength(2);
});

test('P21: what nobody waits for is stored at once, and durable a quarter of a second later', async () => {
  for (let number = 1; number <= 3; number++) {
    writer.accept(batch(number, false));
    await settle();
  }
  vi.advanceTimersByTime(249);
  await settle();
  expect([appended.map(({ isDurable }) => isDurable), written]).toEqual([[false, false, false], []]);
  vi.advanceTimersByTime(1);
  await settle();
  // No record is left to store: the last end of the chain, stored again, takes everything to the disk.
  expect([appended.slice(3), written]).toEqual([[{ records: 0, heads: 1, isDurable: true }], [3]]);
});

test('P21: a table whose every commit is durable is not asked to sync again', async () => {
  syncsAlways = true;
  writer.accept(batch(1, false));
  await settle();
  vi.advanceTimersByTime(10_000);
  await settle();
  expect([appended.length, written]).toEqual([1, [1]]);
});

test('P21: under load the group that comes when a sync is due is the synced one', async () => {
  writer.accept(batch(1, false));
  await settle();
  vi.advanceTimersByTime(250);
  writer.accept(batch(2, false));
  await settle();
  expect([appended.map(({ isDurable }) => isDurable), written]).toEqual([[false, true], [2]]);
});

test('P21: whoever begins to wait later is not kept waiting', async () => {
  writer.accept(batch(1, false));
  await settle();
  writer.hurry();
  await settle();
  expect(written).toEqual([1]);
  writer.hurry();
  await settle();
  expect(appended).toHaveLength(2);
});

test('P21: a sync that is refused is tried again, and nothing counts as durable before it', async () => {
  writer.accept(batch(1, false));
  await settle();
  refuses = true;
  vi.advanceTimersByTime(250);
  await settle();
  expect([failed, written]).toEqual([[1], []]);
  refuses = false;
  vi.advanceTimersByTime(1000);
  await settle();
  expect(written).toEqual([1]);
});

test('P21: at the end everything is durable, with a last checkpoint', async () => {
  writer.accept(batch(1, false));
  await settle();
  await writer.finish();
  expect([appended.at(-1), written]).toEqual([{ records: 0, heads: 0, isDurable: true }, [1]]);
});
