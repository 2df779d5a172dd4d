import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRedactor } from '../redact.ts';
import { createLog } from './service-log.ts';
import { createFileTarget } from './target.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-log-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('P62: a full file is rotated between lines, and five files are kept', async () => {
  const path = join(directory, 'app.log');
  const maxBytes = 200_000;
  const target = createFileTarget({ path, maxBytes, files: 5 });
  const log = createLog({ target, redactor: createRedactor() });
  for (let index = 0; index < 12_000; index++) {
    log.info({ index, text: 'ünïcode ✓'.repeat(5) }, 'line');
    if (index % 200 === 0) await log.flush();
  }
  await log.flush();
  expect(readdirSync(directory).sort()).toEqual([
    'app.log',
    'app.log.1',
    'app.log.2',
    'app.log.3',
    'app.log.4',
  ]);
  const indexes: number[] = [];
  for (const name of ['app.log.4', 'app.log.3', 'app.log.2', 'app.log.1', 'app.log']) {
    const file = join(directory, name);
    expect(statSync(file).size).toBeLessThanOrEqual(maxBytes);
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    indexes.push(...lines.map((line) => JSON.parse(line).index));
  }
  // Whole lines, in order, none missing between the oldest kept and the newest.
  const first = indexes[0] ?? 0;
  expect(indexes).toEqual(Array.from({ length: 12_000 - first }, (_, offset) => first + offset));
  expect(log.problem()).toBeUndefined();
});

test('P62: files are not readable by others', async () => {
  const path = join(directory, 'deep', 'app.log');
  const target = createFileTarget({ path });
  target.write('{}\n');
  await target.flush();
  expect(statSync(path).mode & 0o137).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe('{}\n');
});

test('SIGHUP: a moved file is left alone and a new one is opened', async () => {
  const path = join(directory, 'app.log');
  const target = createFileTarget({ path });
  target.write('before\n');
  await target.flush();
  renameSync(path, `${path}.moved`);
  target.reopen();
  await vi.waitFor(() => expect(existsSync(path)).toBe(true));
  target.write('after\n');
  await target.flush();
  expect(readFileSync(`${path}.moved`, 'utf8')).toBe('before\n');
  expect(readFileSync(path, 'utf8')).toBe('after\n');
});

test('a path that cannot be opened is an error of the start', () => {
  expect(() => createFileTarget({ path: directory })).toThrow(/EISDIR/);
});

test.runIf(existsSync('/dev/full'))(
  'a full disk is a problem that is told, and costs the caller nothing',
  async () => {
    const target = createFileTarget({ path: '/dev/full' });
    for (let index = 0; index < 100; index++) target.write('line\n');
    await target.flush();
    expect(target.problem()).toMatch(/ENOSPC/);
    target.flushSync();
  },
);

test('a target that does not keep up costs bounded memory and is told', async () => {
  const target = createFileTarget({ path: join(directory, 'app.log') });
  const line = `${'x'.repeat(1023)}\n`;
  // Nothing is written while this turn of the loop lasts.
  for (let index = 0; index < 20_000; index++) target.write(line);
  await vi.waitFor(() => expect(target.problem()).toMatch(/dropped/));
  target.flushSync();
  expect(statSync(join(directory, 'app.log')).size).toBeLessThan(10 * 1024 * 1024);
});

test('flushSync brings out what is buffered, for the end of the process', () => {
  const path = join(directory, 'app.log');
  const target = createFileTarget({ path });
  return vi.waitFor(() => {
    target.write('x\n');
    target.flushSync();
    expect(readFileSync(path, 'utf8')).toMatch(/^(x\n)+$/);
  });
});
