import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTextIndex, type TextIndex } from './text-index.ts';

let work: string;
let root: string;
let index: TextIndex;
const problems: string[] = [];

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'quayside-watch-'));
  root = join(work, 'tree');
  mkdirSync(join(root, 'kept/deep'), { recursive: true });
  mkdirSync(join(root, 'ignored'));
  writeFileSync(join(root, '.gitignore'), 'ignored/\n');
  writeFileSync(join(root, 'kept/a.ts'), 'first_content\n');
  problems.length = 0;
  index = openTextIndex({
    directory: join(work, 'index'),
    root,
    onNews: (news) => {
      if (news.news === 'failed') problems.push(news.message);
    },
  });
  await index.build({ follow: true });
});

afterEach(async () => {
  await index.close();
  rmSync(work, { recursive: true, force: true });
});

async function filesWith(pattern: string): Promise<readonly string[]> {
  const { files } = await index.search({ pattern, want: 'files' });
  return files.map(({ path }) => path);
}

const becomes = (pattern: string, files: readonly string[]) =>
  expect.poll(() => filesWith(pattern), { timeout: 5000, interval: 20 }).toEqual(files);

test('P41: an edit, a new file in a new directory, a rename and a removal are searchable without being told', async () => {
  writeFileSync(join(root, 'kept/a.ts'), 'second_content\n');
  await becomes('second_content', ['kept/a.ts']);
  expect(await filesWith('first_content')).toEqual([]);

  mkdirSync(join(root, 'fresh/inner'), { recursive: true });
  writeFileSync(join(root, 'fresh/inner/b.ts'), 'fresh_content\n');
  await becomes('fresh_content', ['fresh/inner/b.ts']);
  writeFileSync(join(root, 'fresh/inner/b.ts'), 'later_content\n');
  await becomes('later_content', ['fresh/inner/b.ts']);

  renameSync(join(root, 'fresh'), join(root, 'moved'));
  await becomes('later_content', ['moved/inner/b.ts']);

  rmSync(join(root, 'moved'), { recursive: true });
  await becomes('later_content', []);
  expect(problems).toEqual([]);
});

test('P41: a changed ignore file shows what it hid, and hides what it shows', async () => {
  writeFileSync(join(root, 'ignored/c.ts'), 'hidden_content\n');
  writeFileSync(join(root, 'kept/deep/d.ts'), 'deep_content\n');
  await becomes('deep_content', ['kept/deep/d.ts']);
  expect(await filesWith('hidden_content')).toEqual([]);

  writeFileSync(join(root, '.gitignore'), 'deep/\n');
  await becomes('hidden_content', ['ignored/c.ts']);
  await becomes('deep_content', []);
  writeFileSync(join(root, 'ignored/c.ts'), 'other_content\n');
  await becomes('other_content', ['ignored/c.ts']);
  expect(problems).toEqual([]);
});

test('P41: a thousand files at once are all found', async () => {
  for (let at = 0; at < 1000; at++) writeFileSync(join(root, `kept/n${at}.ts`), `bulk_${at}_content\n`);
  await expect
    .poll(async () => (await index.search({ pattern: 'bulk_', want: 'files' })).totals.files, {
      timeout: 8000,
    })
    .toBe(1000);
});

test('P41: links that lead out of the tree are not followed, however a change names them', async () => {
  mkdirSync(join(work, 'outside'));
  writeFileSync(join(work, 'outside/e.ts'), 'outside_content\n');
  symlinkSync(join(work, 'outside'), join(root, 'link'));
  symlinkSync(join(work, 'outside/e.ts'), join(root, 'kept/link.ts'));
  await index.update({ changed: ['link', 'link/e.ts', 'kept/link.ts', 'kept'] });
  await index.build();
  expect(await filesWith('outside_content')).toEqual([]);
});
