import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addedPlaces, removeFiles } from './added-repositories.ts';

test('P42: files of a repository go while a thread still writes the last of its index', async () => {
  const state = mkdtempSync(join(tmpdir(), 'quayside-added-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const places = addedPlaces(state);
  const index = join(places.indexes, 'gone', 'index');
  mkdirSync(index, { recursive: true });
  const writing = (async () => {
    // Until the folder is gone: what was not written before it went is not written at all.
    for (let file = 0; file < 500; file++) await writeFile(join(index, `${file}`), '');
  })().catch((error: NodeJS.ErrnoException) => expect(error.code).toBe('ENOENT'));
  await removeFiles({ id: 'gone', url: null }, places);
  await writing;
  expect(existsSync(join(places.indexes, 'gone'))).toBe(false);
});
