// Where definitions are: the argument, CONFIG_PATH, the usual names, and the files of a folder (spec servers §1).
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { DEFINITION_EXTENSIONS } from './source/source.ts';

const USUAL_PATHS = ['./quayside.yaml', './quayside.json', '/etc/mcp/config.json'] as const;

/** The path to load: `argument`, else CONFIG_PATH, else the first of the usual ones that exists, else undefined. */
export function definitionPath(
  argument: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (argument !== undefined) return argument;
  const configured = env.CONFIG_PATH;
  if (configured !== undefined && configured !== '') return configured;
  return USUAL_PATHS.find((path) => existsSync(path));
}

/** `path` itself, or for a folder its definition files in lexical order (not recursive). */
export async function definitionFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  // A path that is not there is reported when it is read.
  if (found?.isDirectory() !== true) return [path];
  const names = (await readdir(path)).filter(isDefinitionName).sort();
  return names.map((name) => join(path, name));
}

function isDefinitionName(name: string): boolean {
  return (
    !name.startsWith('.') && DEFINITION_EXTENSIONS.some((known) => known === extname(name).toLowerCase())
  );
}
