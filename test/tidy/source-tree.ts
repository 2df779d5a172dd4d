// Every TypeScript file of the repository, read and parsed once. The tidy tests ask it; it judges nothing.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

/** A node of the syntax tree as the parser gives it; only the fields that a rule reads are looked at. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Import {
  /** The specifier as written. */
  readonly specifier: string;
  /** Path inside the repository, for relative specifiers only. */
  readonly target: string | undefined;
  readonly line: number;
  /** Names taken from the target, `*` for all of it. */
  readonly names: readonly string[];
}

export interface SourceFile {
  /** Path from the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lineCount: number;
  readonly body: readonly SyntaxNode[];
  readonly comments: readonly { readonly value: string; readonly start: number; readonly end: number }[];
  readonly imports: readonly Import[];
  readonly isTest: boolean;
}

/** The repository's folder, with a trailing separator. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

const sourceFolders = ['src', 'test', 'bench', 'scripts', 'examples'];
const skippedFolders = new Set(['node_modules', '.node', '.git', 'data', 'coverage', 'logs']);

/** Paths from the root of all files below `folder` (`.` for all) whose name ends as one of `endings`. */
export function listFiles(folder: string, endings: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !skippedFolders.has(name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return listFiles(path, endings);
      return entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
    })
    .sort();
}

let parsed: readonly SourceFile[] | undefined;

/** All TypeScript files of the source folders; parsed at the first call, shared by every rule of one test file. */
export function sourceFiles(): readonly SourceFile[] {
  parsed ??= sourceFolders
    .flatMap((folder) => (isFolder(folder) ? listFiles(folder, ['.ts']) : []))
    .map(parseFile);
  return parsed;
}

/** One TypeScript file, parsed, or undefined when there is none at `path`. */
export function sourceFile(path: string): SourceFile | undefined {
  return existsSync(join(root, path)) ? parseFile(path) : undefined;
}

/** Parses `text` as if it stood at `path`, which lets a rule be tried on an example. */
export function parseText(path: string, text: string): SourceFile {
  const result = parseSync(path, text);
  const problem = result.errors[0];
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  const body = result.program.body as unknown as SyntaxNode[];
  return {
    path,
    text,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    body,
    comments: result.comments,
    imports: body.flatMap((node) => importsOf(path, text, node)),
    isTest: /\.(test|fixture)\.ts$/.test(path) || path.startsWith('test/'),
  };
}

/** Visits every node below `node`, parents first, until `visit` answers false for a branch. */
export function walk(node: unknown, visit: (node: SyntaxNode) => boolean): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, visit);
    return;
  }
  if (!isNode(node) || !visit(node)) return;
  for (const value of Object.values(node)) {
    if (typeof value === 'object' && value !== null) walk(value, visit);
  }
}

/** The number of the line in which `offset` lies, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Whether `value` is a node of the syntax tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function parseFile(path: string): SourceFile {
  return parseText(path, readFileSync(join(root, path), 'utf8'));
}

function isFolder(folder: string): boolean {
  return readdirSync(root, { withFileTypes: true }).some(
    (entry) => entry.isDirectory() && entry.name === folder,
  );
}

/** Static, re-exporting, dynamic and type imports: a type that points upward is a dependency all the same. */
function importsOf(path: string, text: string, statement: SyntaxNode): Import[] {
  const found: Import[] = [];
  walk(statement, (node) => {
    const source = node.source ?? (node.type === 'TSImportType' ? node.argument : undefined);
    if (isNode(source) && typeof source.value === 'string') {
      const specifier = source.value;
      const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
      found.push({ specifier, target, line: lineAt(text, node.start), names: namesOf(node) });
    }
    return true;
  });
  return found;
}

function namesOf(node: SyntaxNode): string[] {
  if (!Array.isArray(node.specifiers)) return ['*'];
  return node.specifiers.map((specifier: unknown) => {
    if (!isNode(specifier)) return '*';
    const name = specifier.imported ?? specifier.local;
    if (specifier.type === 'ImportDefaultSpecifier') return 'default';
    return isNode(name) && specifier.type !== 'ImportNamespaceSpecifier' ? String(name.name) : '*';
  });
}
