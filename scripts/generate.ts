// `npm run generate`: writes every generated file that differs from what its source says now.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generate/generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

for (const { path, render } of generatedFiles) {
  const file = join(root, path);
  const text = await render();
  if (text === (await readIfPresent(file))) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  console.log(`written: ${path}`);
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
