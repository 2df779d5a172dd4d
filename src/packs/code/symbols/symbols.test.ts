import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTextIndex, type TextIndex } from '../index/text-index.ts';
import { SymbolIndex } from './symbol-index.ts';

let work: string;
let text: TextIndex;
const opened: SymbolIndex[] = [];

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'quayside-symbols-'));
  mkdirSync(join(work, 'tree'));
  for (let at = 0; at < 20; at++)
    writeFileSync(join(work, `tree/f${at}.ts`), `export function planted${at}() {\n  return ${at};\n}\n`);
  text = openTextIndex({ directory: join(work, 'text'), root: join(work, 'tree') });
  await text.build();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await text.close();
  rmSync(work, { recursive: true, force: true });
});

function open(): SymbolIndex {
  const index = new SymbolIndex({ text: join(work, 'text'), directory: work });
  opened.push(index);
  return index;
}

const whereIs = async (index: SymbolIndex, name: string) =>
  (await index.lookup({ name, exact: true, limit: 5 })).symbols.map(({ path, line }) => `${path}:${line}`);

test('P41: a second start parses nothing, whatever the names of the files', async () => {
  const first = open();
  expect(await first.refresh()).toMatchObject({ files: 20, parsed: 20 });
  await first.close();
  writeFileSync(join(work, 'tree/copy.ts'), readFileSync(join(work, 'tree/f3.ts')));
  rmSync(join(work, 'tree/f4.ts'));
  await text.build();
  const second = open();
  expect(await second.refresh()).toMatchObject({ files: 20, parsed: 0 });
  expect(await whereIs(second, 'planted3')).toEqual(['copy.ts:1', 'f3.ts:1']);
  expect(await whereIs(second, 'planted4')).toEqual([]);
});

test('P44: two processes on one index answer alike, also after both parsed something', async () => {
  const [one, other] = [open(), open()];
  await Promise.all([one.refresh(), other.refresh()]);
  writeFileSync(join(work, 'tree/late.ts'), 'export function plantedLate() {}\n');
  await text.build();
  await Promise.all([other.refresh(), one.refresh()]);
  for (const name of ['planted0', 'planted19', 'plantedLate'])
    expect([name, await whereIs(one, name)]).toEqual([name, await whereIs(other, name)]);
  expect(await whereIs(other, 'plantedLate')).toEqual(['late.ts:1']);
});

test('P44: facts that a crash cut off or damaged are read again, and nothing else', async () => {
  const first = open();
  await first.refresh();
  await first.close();
  const folder = join(work, 'symbols');
  const file = join(folder, readdirSync(folder).find((name) => name.startsWith('facts.')) ?? '');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  lines[15] = (lines[15] ?? '').replace('planted', 'changed');
  writeFileSync(file, `${lines.join('\n')}\n`);
  appendFileSync(file, '123 half a li');
  const second = open();
  expect(await second.refresh()).toMatchObject({ files: 20, parsed: 5 });
  for (let at = 0; at < 20; at++) expect(await whereIs(second, `planted${at}`)).toEqual([`f${at}.ts:1`]);
});

test('P41: many new files are parsed by several threads, each text once, and the second start parses nothing', async () => {
  for (let at = 0; at < 100; at++)
    writeFileSync(join(work, `tree/many${at}.py`), `def several${at % 80}():\n    return ${at % 80}\n`);
  writeFileSync(join(work, 'tree/broken.ts'), 'export function {{{ planted\n');
  await text.build();
  const first = open();
  expect(await first.refresh()).toMatchObject({ files: 121, parsed: 101, unparsed: [] });
  expect(await whereIs(first, 'several79')).toEqual(['many79.py:1']);
  expect(await whereIs(first, 'several3')).toEqual(['many3.py:1', 'many83.py:1']);
  expect(await whereIs(first, 'planted19')).toEqual(['f19.ts:1']);
  await first.close();
  expect(await open().refresh()).toMatchObject({ files: 121, parsed: 0 });
});
