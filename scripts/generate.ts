// `npm run generate`: writes every generated file that differs from what its source says now.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generate/generated-files.ts';
import { renderPostgresSchema } from './generate/store-schema.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

for (const { path, render } of generatedFiles) await write(path, await render());
const postgresSchema = await renderPostgresSchema();
if (postgresSchema === undefined)
  console.log('left as it is, without PostgreSQL: src/store/schema.postgres.sql');
else await write('src/store/schema.postgres.sql', postgresSchema);

async function write(path: string, text: string): Promise<void> {
  const file = join(root, path);
  if (text === (await readIfPresent(file))) return;
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
