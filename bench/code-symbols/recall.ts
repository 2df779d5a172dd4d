// How many definitions that universal-ctags knows are known to the code pack, by language, on real trees.
//
//   node bench/code-symbols/recall.ts <tree>... [--missing]
//
// A definition counts as found when its file, line and name agree. ctags knows many kinds that are no definitions of
// what the pack promises (parameters, locals, labels, imports); those are left out, the others are listed in KINDS.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openTextIndex } from '../../src/packs/code/index/text-index.ts';
import { languageOf } from '../../src/packs/code/languages.ts';
import { intakeOf } from '../../src/packs/code/repositories/intake-of-pack.ts';
import { extractFacts } from '../../src/packs/code/symbols/extract.ts';
import { grammarOf } from '../../src/packs/code/symbols/grammars.ts';
import { scanLanguageOf } from '../../src/packs/code/symbols/scan/program-languages.ts';
import { scanText } from '../../src/packs/code/symbols/scan/scanner.ts';
import { PARSE_BYTES_MAX, Syntax } from '../../src/packs/code/symbols/syntax.ts';

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
  python: ['namespace', 'module'],
  php: ['alias'],
  c_sharp: ['typedef'],
  rust: ['variable'],
  ruby: ['alias'],
};

const OUTPUT_BYTES_MAX = 1 << 30;
const MISSING_SHOWN = 15;

interface Tag {
  readonly path: string;
  readonly name: string;
  readonly line: number;
  readonly kind: string;
  readonly scopeKind?: string;
}

interface Row {
  files: number;
  oracle: number;
  found: number;
  own: number;
  readonly missing: string[];
}

const trees = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const rows = new Map<string, Row>();
for (const tree of trees.map((one) => resolve(one))) await measure(tree);

console.log('| Language | Files | ctags | Found | Recall | Known to the pack |');
console.log('|---|---|---|---|---|---|');
for (const [language, { files, oracle, found, own }] of [...rows].sort())
  console.log(
    `| ${language} | ${files} | ${oracle} | ${found} | ${((100 * found) / Math.max(1, oracle)).toFixed(1)} % | ${own} |`,
  );
if (process.argv.includes('--missing'))
  for (const [language, { missing }] of [...rows].sort())
    console.log(`${language}:\n  ${missing.slice(0, MISSING_SHOWN).join('\n  ')}`);

async function measure(tree: string): Promise<void> {
  const files = await filesOf(tree);
  const tags = Map.groupBy(tagsOf(tree, files), ({ path }) => path);
  const syntax = new Syntax();
  for (const path of files) {
    const grammar = grammarOf(path);
    const text = readFileSync(join(tree, path), 'utf8');
    if (grammar === undefined || text.length > PARSE_BYTES_MAX) continue;
    const facts =
      grammar.scan === undefined
        ? await syntax.parse(text, grammar, (parsed, query) => extractFacts(parsed, query, grammar, text))
        : scanText(text, scanLanguageOf(text, grammar.scan));
    const known = new Set(facts?.symbols.map(({ name, line }) => `${line} ${name}`));
    const row = rowOf(languageOf(path));
    row.files++;
    row.own += known.size;
    for (const tag of tags.get(path) ?? []) {
      row.oracle++;
      const names = [tag.name, tag.name.replace(/^[.#$]/, '')];
      if (names.some((name) => known.has(`${tag.line} ${name}`))) row.found++;
      else row.missing.push(`${path}:${tag.line} ${tag.kind} ${tag.name}`);
    }
  }
}

async function filesOf(tree: string): Promise<readonly string[]> {
  const directory = mkdtempSync(`${tmpdir()}/code-symbols-`);
  const rules = intakeOf(tree, { exclude: [], hidden: false, maxFileSize: PARSE_BYTES_MAX });
  const index = openTextIndex({ directory, root: tree, rules });
  try {
    await index.build();
    return (await index.files()).filter(({ status }) => status === 'indexed').map(({ path }) => path);
  } finally {
    await index.close();
    rmSync(directory, { recursive: true });
  }
}

function tagsOf(tree: string, files: readonly string[]): Tag[] {
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
    .map(parseTag)
    .filter(isDefinition);
}

/** Names that ctags makes up for what has none, and what is local to a function, are not promised. */
function isDefinition({ kind, name, scopeKind, path }: Tag): boolean {
  if (NOT_IN[languageOf(path)]?.includes(kind) === true) return false;
  if (!KINDS.has(kind) || name.startsWith('__anon') || /^(anonymous|AnonymousFunction)/.test(name))
    return false;
  return !((kind === 'variable' || kind === 'const') && /function|method/.test(scopeKind ?? ''));
}

function rowOf(language: string): Row {
  let row = rows.get(language);
  if (row === undefined) {
    row = { files: 0, oracle: 0, found: 0, own: 0, missing: [] };
    rows.set(language, row);
  }
  return row;
}

function parseTag(line: string): Tag {
  return JSON.parse(line) as Tag;
}
