// What universal-ctags says is defined in the files of a tree, without the kinds that the code pack does not promise.

import { execFileSync } from 'node:child_process';
import { languageOf } from '../../src/packs/code/languages.ts';
import { grammarOf } from '../../src/packs/code/symbols/grammars.ts';

/** Kinds of ctags that are definitions of functions, types, constants and fields. */
const KINDS = new Set([
  'function',
  'method',
  'class',
  'struct',
  'interface',
  'enum',
  'enumerator',
  'enumConstant',
  'trait',
  'typedef',
  'alias',
  'type',
  'macro',
  'module',
  'namespace',
  'const',
  'constant',
  'field',
  'member',
  'property',
  'variant',
  'union',
  'singletonMethod',
  'getter',
  'setter',
  'generator',
  'variable',
  'subroutine',
  'package',
  'chapter',
  'section',
  'subsection',
  'subsubsection',
  'augroup',
  'command',
  'target',
]);
/** Kinds that stand for something else in one language: names of imports, and locals that are not told apart. */
const NOT_IN: Readonly<Record<string, readonly string[]>> = {
  typescript: ['alias', 'constant', 'variable'],
  // Words of JSX, and keys of whatever object, are taken for fields and properties.
  javascript: ['constant', 'variable', 'field', 'property'],
  python: ['namespace', 'module'],
  php: ['alias'],
  c_sharp: ['typedef'],
  rust: ['variable'],
  ruby: ['alias'],
  // Columns; the pack names tables.
  sql: ['field'],
};

const OUTPUT_BYTES_MAX = 1 << 30;
/** One definition. `line` counts from 1. */
export interface Tag {
  readonly path: string;
  readonly name: string;
  readonly line: number;
  readonly kind: string;
  readonly scopeKind?: string;
}

/**
 * What the pack promises too, of those of `files` (relative to `tree`) that a grammar reads. Throws where ctags is not
 * installed.
 */
export function tagsOf(tree: string, files: readonly string[]): Tag[] {
  return allTagsOf(tree, files).filter(isDefinition);
}

/** The same with every kind that ctags knows. */
export function allTagsOf(tree: string, files: readonly string[]): Tag[] {
  const output = execFileSync('ctags', ['--output-format=json', '--fields=+nKs', '-f', '-', '-L', '-'], {
    cwd: tree,
    input: files.filter((path) => grammarOf(path) !== undefined).join('\n'),
    maxBuffer: OUTPUT_BYTES_MAX,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map(parseTag);
}

/** Names that ctags makes up for what has none, and what is local to a function, are not promised. */
function isDefinition({ kind, name, scopeKind, path }: Tag): boolean {
  // It takes options of `alias` for names.
  if (languageOf(path) === 'bash' && name.startsWith('-')) return false;
  if (NOT_IN[languageOf(path)]?.includes(kind) === true) return false;
  if (!KINDS.has(kind) || name.startsWith('__anon') || /^(anonymous|Anonymous(Function|Class))/.test(name))
    return false;
  return !((kind === 'variable' || kind === 'const') && /function|method/.test(scopeKind ?? ''));
}

function parseTag(line: string): Tag {
  return JSON.parse(line) as Tag;
}
