// Ten thousand attacks on the table and the file of a real log: each is found, at the record where it begins.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RECORD_COLUMNS, recordHash } from '../../src/gate/audit/record.ts';
import { createAuditSource, recordOf } from '../../src/gate/audit/source.ts';
import { openSqliteReading } from '../../src/gate/audit/sqlite-table.ts';
import { verifyFile } from '../../src/gate/audit/verify/verify-file.ts';
import { type VerifyReport, verifyTable } from '../../src/gate/audit/verify/verify-table.ts';
import { createSampleLog, sampleEntry } from './sample-log.ts';

/** Half of them on the table, half on the file. */
const MUTATIONS = 5000;
const RECORDS = 40;

const sample = createSampleLog();
/** A deterministic source of choices, so that a failure can be looked at again. */
let state = 20_261_121;
const random = (below: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 4_294_967_296) * below);
};

let database: DatabaseSync;
let whole: readonly string[] = [];

beforeAll(async () => {
  const log = await sample.open();
  for (let index = 1; index <= RECORDS; index++) log.record(sampleEntry(index));
  await log.close();
  whole = readFileSync(sample.file, 'utf8').trimEnd().split('\n');
  database = new DatabaseSync(sample.table);
});

afterAll(() => {
  database.close();
  sample.remove();
});

const verify = () => {
  const source = createAuditSource({
    reprintsJson: false,
    read: async (_scope, statement, values) =>
      database
        .prepare(statement.text.sqlite)
        .all({ ...values })
        .map((row) => JSON.parse(JSON.stringify(row))),
    close: async () => undefined,
  });
  return verifyTable(source, { signer: sample.signer });
};

interface Mutation {
  readonly what: string;
  readonly expected: number;
}

/** What an attacker who owns the database can do: the triggers are his to drop. */
function mutateTable(): Mutation {
  const seq = 1 + random(RECORDS);
  switch (random(6)) {
    case 0:
      return editColumn(seq);
    case 1:
      database.exec(`DELETE FROM audit_logs WHERE seq = ${seq}`);
      return { what: `delete ${seq}`, expected: seq };
    case 2: {
      insertAt(seq);
      return { what: `insert at ${seq}`, expected: seq };
    }
    case 3: {
      const other = 1 + random(RECORDS);
      if (other === seq) return editColumn(seq);
      database.exec(
        `UPDATE audit_logs SET seq = -1 WHERE seq = ${seq}; UPDATE audit_logs SET seq = ${seq} WHERE seq = ${other}; UPDATE audit_logs SET seq = ${other} WHERE seq = -1`,
      );
      return { what: `swap ${seq} and ${other}`, expected: Math.min(seq, other) };
    }
    case 4:
      database.exec(`DELETE FROM audit_logs WHERE seq >= ${seq}`);
      return { what: `truncate from ${seq}`, expected: seq };
    default:
      // The chain made whole again from there on: only the checkpoint and the head remember what it was.
      rewriteFrom(seq);
      return { what: `rewrite from ${seq}`, expected: 1 };
  }
}

const EDITABLE = RECORD_COLUMNS.map(([column]) => column).filter(
  (column) => !['seq', 'writer', 'tenant_id'].includes(column),
);

function editColumn(seq: number): Mutation {
  const column = EDITABLE[random(EDITABLE.length)] ?? 'hash';
  const row = database.prepare(`SELECT ${column} AS value FROM audit_logs WHERE seq = ?`).get(seq);
  const value = row?.value;
  const edited = typeof value === 'number' ? value + 1 : flip(String(value ?? ''));
  database.prepare(`UPDATE audit_logs SET ${column} = ? WHERE seq = ?`).run(edited, seq);
  return { what: `edit ${column} of ${seq}`, expected: seq };
}

/** One character changed, put in, or taken away. */
function flip(text: string): string {
  const at = random(text.length + 1);
  const kind = random(3);
  if (kind === 0 || text === '') return `${text.slice(0, at)}x${text.slice(at)}`;
  const place = Math.min(at, text.length - 1);
  if (kind === 1) return text.slice(0, place) + text.slice(place + 1);
  return `${text.slice(0, place)}${text[place] === '0' ? '1' : '0'}${text.slice(place + 1)}`;
}

function insertAt(seq: number): void {
  database.exec(
    `UPDATE audit_logs SET seq = -seq - 1 WHERE seq >= ${seq}; UPDATE audit_logs SET seq = -seq WHERE seq < 0`,
  );
  const columns = RECORD_COLUMNS.map(([column]) => column);
  database.exec(
    `INSERT INTO audit_logs (${columns.join(', ')}) SELECT ${columns.map((column) => (column === 'seq' ? String(seq) : column === 'id' ? "'forged'" : column)).join(', ')} FROM audit_logs ORDER BY seq LIMIT 1 OFFSET ${random(RECORDS)}`,
  );
}

function rewriteFrom(seq: number): void {
  const rows = database.prepare('SELECT * FROM audit_logs WHERE seq >= ? ORDER BY seq').all(seq);
  let previous: string | undefined;
  for (const row of rows) {
    const record = recordOf(JSON.parse(JSON.stringify(row)), false);
    const changed = {
      ...record,
      action: record.seq === seq ? 'forged' : record.action,
      prevHash: previous ?? record.prevHash,
    };
    const hash = recordHash(changed);
    database
      .prepare('UPDATE audit_logs SET action = ?, prev_hash = ?, hash = ? WHERE seq = ?')
      .run(changed.action, changed.prevHash, hash, record.seq);
    previous = hash;
  }
}

test('P22 G9: a log that nobody touched has no findings', async () => {
  expect(await verify()).toEqual({ records: RECORDS, chains: 1, checkpoints: 1, findings: [] });
  expect(verifyFile(sample.file, sample.signer)).toMatchObject({ records: RECORDS, findings: [] });
});

test(`P22 G9: ${MUTATIONS} mutations of the table are all found, with the first bad record`, async () => {
  for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all())
    database.exec(`DROP TRIGGER ${name}`);
  const missed: string[] = [];
  for (let index = 0; index < MUTATIONS; index++) {
    database.exec('BEGIN');
    const { what, expected } = mutateTable();
    const report = await verify();
    database.exec('ROLLBACK');
    if (firstBad(report) !== expected) missed.push(`${what}: ${JSON.stringify(report.findings)}`);
  }
  expect(missed).toEqual([]);
}, 240_000);

test(`P22 G9: ${MUTATIONS} mutations of the file are all found, with the first bad record`, () => {
  const folder = join(sample.directory, 'attacked');
  mkdirSync(folder);
  const path = join(folder, 'audit.log');
  copyFileSync(`${sample.file}.state`, `${path}.state`);
  const missed: string[] = [];
  for (let index = 0; index < MUTATIONS; index++) {
    const { what, expected, lines } = mutateLines();
    writeFileSync(path, lines);
    const report = verifyFile(path, sample.signer);
    if (firstBad(report) !== expected) missed.push(`${what}: ${JSON.stringify(report.findings)}`);
  }
  rmSync(dirname(path), { recursive: true });
  expect(missed).toEqual([]);
}, 240_000);

/** Line 0 is the header; line n is record n. */
function mutateLines(): Mutation & { readonly lines: string } {
  const seq = 1 + random(RECORDS);
  const lines = [...whole];
  const text = () => `${lines.join('\n')}\n`;
  switch (random(5)) {
    case 0: {
      const edited = flip(lines[seq] ?? '');
      lines[seq] = edited;
      return { what: `edit line ${seq}`, expected: seq, lines: text() };
    }
    case 1:
      lines.splice(seq, 1);
      return { what: `delete line ${seq}`, expected: seq, lines: text() };
    case 2: {
      const copy = 1 + random(RECORDS);
      lines.splice(seq, 0, lines[copy] ?? '');
      // A copy of record n before record n is the true one, and the true one the copy.
      return {
        what: `insert ${copy} at ${seq}`,
        expected: Math.min(seq, copy),
        lines: text(),
      };
    }
    case 3: {
      const other = 1 + random(RECORDS);
      if (other === seq) {
        lines.splice(seq, 1);
        return { what: `delete line ${seq}`, expected: seq, lines: text() };
      }
      [lines[seq], lines[other]] = [lines[other] ?? '', lines[seq] ?? ''];
      return { what: `swap ${seq} and ${other}`, expected: Math.min(seq, other), lines: text() };
    }
    default: {
      const all = text();
      const firstByte = Buffer.byteLength(`${whole.slice(0, seq).join('\n')}\n`);
      const cut = firstByte + random(Buffer.byteLength(`${whole[seq]}`));
      return {
        what: `truncate in line ${seq}`,
        expected: seq,
        lines: Buffer.from(all).subarray(0, cut).toString('latin1') && decode(all, cut),
      };
    }
  }
}

/** The text without what lies behind `bytes`; a character that is cut in two goes with it. */
function decode(text: string, bytes: number): string {
  return Buffer.from(text)
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
}

function firstBad(report: VerifyReport): number | undefined {
  return report.findings.map(({ seq }) => seq ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)[0];
}

test('P22: the embedded table refuses changes by itself', () => {
  const fresh = createSampleLog();
  return fresh
    .open()
    .then((log) => log.commit(sampleEntry(1)).then(() => log.close()))
    .then(() => {
      const direct = new DatabaseSync(fresh.table);
      expect(() => direct.exec("UPDATE audit_logs SET action = 'x'")).toThrow('append-only');
      expect(() => direct.exec('DELETE FROM audit_logs')).toThrow('append-only');
      expect(() => direct.exec('DELETE FROM audit_checkpoints')).toThrow('append-only');
      expect(() => direct.exec("UPDATE audit_anchors SET hash = 'x'")).not.toThrow();
      direct.close();
      const reading = openSqliteReading(fresh.table);
      return reading.close();
    })
    .finally(() => fresh.remove());
});
