// `quayside code` as a person types it: what is printed where, and the exit codes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { startProduct } from '../support/product.ts';
import { writeTree } from './code-server.ts';

let work: string;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'quayside-code-command-'));
  writeTree(join(work, 'tree'), { 'src/own.ts': '// A word.\nexport function ownWord() {}\n' });
  writeFileSync(
    join(work, 'shop.yaml'),
    `name: shop\nversion: 1.0.0\npacks: { code: { paths: [${JSON.stringify(join(work, 'tree'))}] } }\n`,
  );
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const code = (...words: string[]) =>
  runCommand(['code', ...words, '--on', join(work, 'shop.yaml'), '--data', join(work, 'data')]);

test('P39: search waits for the first index, prints the lines, and says by its exit code whether there were any', () => {
  const found = code('search', 'ownword');
  expect([found.code, found.out]).toEqual([
    0,
    '1 matching line in 1 file of tree.\n\nsrc/own.ts\n  2: export function ownWord() {}\n',
  ]);
  expect(code('search', 'own_?W[a-z]+', '--type', 'regex', '--files', '*.ts', '--limit', '1').code).toBe(0);
  expect(code('search', 'nobody').code).toBe(1);
  const refused = code('search', '(?=a)', '--type', 'regex');
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).toMatch(/look-ahead.*\(unsupported_pattern\)/);
  const json = JSON.parse(code('search', 'ownword', '--json').out);
  expect(json).toMatchObject({ total_found: 1, results: [{ file: 'src/own.ts', line: 2 }] });
}, 120_000);

test('P40: symbols prints where a name is defined, and names that are alike', () => {
  expect(code('symbols', 'ownWord').out).toContain('src/own.ts:2 function');
  expect(code('symbols', 'ownWard').code).toBe(1);
  expect(code('symbols', 'ownWard', '--alike').out).toContain('src/own.ts:2');
}, 120_000);

test('P41 P44: index reads what changed, repair builds anew, status says how it is', () => {
  writeTree(join(work, 'tree'), { 'src/late.ts': 'export const late = 1;\n' });
  const indexed = code('index');
  expect([indexed.code, indexed.err]).toEqual([0, 'Indexing ...\n']);
  expect(indexed.out).toMatch(
    /^tree: (built|current); \d files read, \d unchanged, 0 removed in [\d.]+ s\n$/,
  );
  expect(code('repair').out).toMatch(/^tree: built; 2 files read, 0 unchanged/);
  expect(code('status')).toMatchObject({ code: 0, out: 'tree  ready\n' });
  expect(code('index', '--repository', 'nobody')).toMatchObject({ code: 1, out: '' });
  expect(code('index', '--repository', 'nobody').err).toContain('Candidates: tree');
}, 120_000);

test('P39: a running server is asked in the same way', async () => {
  const product = await startProduct({
    definition: { path: join(work, 'shop.yaml') },
    data: join(work, 'data'),
  });
  try {
    const on = ['--on', `${product.origin}/mcp/code`];
    const found = runCommand(['code', 'search', 'ownword', ...on]);
    expect([found.code, found.out]).toMatchObject([0, expect.stringContaining('src/own.ts')]);
    // The server writes the files: they are not moved from under it, and it builds anew when it is asked itself.
    const beside = code('repair');
    expect([beside.code, beside.out]).toEqual([1, '']);
    expect(beside.err).toContain('Another process writes the index');
    expect(runCommand(['code', 'repair', ...on]).out).toMatch(/^tree: built; 2 files read, 0 unchanged/);
    const after = runCommand(['code', 'search', 'ownword', ...on]);
    expect([after.code, after.out]).toEqual([0, found.out]);
  } finally {
    await product.stop();
  }
}, 120_000);
