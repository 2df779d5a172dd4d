// What leaves an install as an archive of source code, and what comes in by one, is written down before it happens.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTree } from '../code/code-server.ts';
import { runCommand } from '../support/command.ts';

/** A dozen processes, on a machine that may be busy. */
const TIMEOUT_MS = 180_000;

const work = mkdtempSync(join(tmpdir(), 'quayside-code-record-'));
const archive = join(work, 'index.tar.gz');
const data = (machine: string) => join(work, machine, 'data');

beforeAll(() => {
  for (const machine of ['here', 'there']) {
    writeTree(join(work, machine), {
      'tree/one.ts': 'export const one = 1;\n',
      'quayside.yaml': 'name: shop\nversion: 1.0.0\npacks: { code: { paths: [./tree] } }\n',
    });
  }
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const code = (machine: string, ...words: string[]) =>
  runCommand(['code', ...words, '--on', join(work, machine, 'quayside.yaml'), '--data', data(machine)]);

function recordsOf(machine: string) {
  const { out } = runCommand(['audit', 'export', '--data', data(machine)]);
  const lines = out.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line)).filter(({ resource_type }) => resource_type === 'code_index');
}

/** Nothing can be recorded from here on. */
function breakRecord(machine: string): void {
  for (const name of readdirSync(data(machine)))
    if (name.startsWith('audit.db')) rmSync(join(data(machine), name), { recursive: true });
  mkdirSync(join(data(machine), 'audit.db'));
}

function filesOf(machine: string): readonly string[] {
  return readdirSync(join(data(machine), 'code'), { recursive: true })
    .map(String)
    .sort();
}

test(
  'P21: archives of an index that are made and taken over are on record; a dry run and a refusal leave nothing',
  () => {
    expect(code('here', 'index').code).toBe(0);
    const key = /--trust (\S+)/.exec(code('here', 'export', '-o', archive).out)?.[1] ?? '';
    expect(code('there', 'import', archive).code).toBe(1);
    expect(code('there', 'import', archive, '--trust', key, '--dry-run').code).toBe(0);
    expect(recordsOf('there')).toEqual([]);
    expect(code('there', 'import', archive, '--trust', key).code).toBe(0);
    expect(recordsOf('here')).toMatchObject([
      {
        ...{ event_type: 'admin.action', action: 'export', user_id: 'cli', result: 'success' },
        changes: { after: { output: archive, embeddings: false } },
      },
    ]);
    expect(recordsOf('there')).toMatchObject([
      {
        ...{ event_type: 'admin.action', action: 'import', user_id: 'cli', result: 'success' },
        changes: { before: { files: 0 }, after: { repository: 'tree', archive } },
      },
    ]);
  },
  TIMEOUT_MS,
);

test(
  'P21: an index that cannot be recorded is neither given away nor taken over',
  () => {
    const other = join(work, 'other.tar.gz');
    writeFileSync(join(work, 'here', 'tree', 'two.ts'), 'export const two = 2;\n');
    expect(code('here', 'index').code).toBe(0);
    const key = /--trust (\S+)/.exec(code('here', 'export', '-o', archive).out)?.[1] ?? '';
    const before = filesOf('there');
    for (const machine of ['here', 'there']) breakRecord(machine);
    const refusals = [code('here', 'export', '-o', other), code('there', 'import', archive, '--trust', key)];
    for (const { code: exit, err } of refusals)
      expect([exit, err]).toEqual([1, expect.stringMatching(/cannot be recorded in the audit log/)]);
    expect(existsSync(other)).toBe(false);
    expect(filesOf('there')).toEqual(before);
  },
  TIMEOUT_MS,
);
