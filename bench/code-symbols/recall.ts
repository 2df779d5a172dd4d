// How many definitions that universal-ctags knows are known to the code pack, by language, on real trees.
//
//   node bench/code-symbols/recall.ts <tree>... [--missing]
//
// A definition counts as found when its file, line and name agree. ctags knows many kinds that are no definitions of
// what the pack promises (parameters, locals, labels, imports); those are left out, the others are listed in KINDS.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openTextIndex } from '../../src/packs/code/index/text-index.ts';
import { languageOf } from '../../src/packs/code/languages.ts';
import { intakeOf } from '../../src/packs/code/repositories/intake-of-pack.ts';
import { grammarOf } from '../../src/packs/code/symbols/grammars.ts';
import { readFacts } from '../../src/packs/code/symbols/read-facts.ts';
import { PARSE_BYTES_MAX, Syntax } from '../../src/packs/code/symbols/syntax.ts';
import { type Tag, tagsOf } from './ctags.ts';

const MISSING_SHOWN = 15;

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
    // Files of languages that the pack does not know count as plain text.
    if (grammar === undefined || text.length > PARSE_BYTES_MAX || languageOf(path) === 'plaintext') continue;
    const facts = await readFacts(text, grammar, syntax);
    const known = new Set(facts?.symbols.map(({ name, line }) => `${line} ${name}`));
    const bodies = facts?.symbols.filter(({ kind }) => kind === 'function' || kind === 'method') ?? [];
    const row = rowOf(languageOf(path));
    row.files++;
    row.own += known.size;
    for (const tag of tags.get(path) ?? []) {
      // ctags does not know that variables in closures of PHP are local.
      if (tag.kind === 'variable' && languageOf(path) === 'php' && bodies.some((body) => isWithin(tag, body)))
        continue;
      row.oracle++;
      if (formsOf(tag).some((names) => names.every((name) => known.has(`${tag.line} ${name}`)))) row.found++;
      else row.missing.push(`${path}:${tag.line} ${tag.kind} ${tag.name}`);
    }
  }
}

function isWithin({ line }: Tag, body: { readonly lineStart: number; readonly lineEnd: number }): boolean {
  return body.lineStart < line && line <= body.lineEnd;
}

/**
 * The forms of a name, each as the names that all have to be known: ctags marks selectors and variables, puts a space into
 * the names of operators, and takes the parts of a selector as one name.
 */
function formsOf({ name, path }: Tag): readonly (readonly string[])[] {
  const forms = [[name], [`$${name}`], [name.replace(/^[.#$]/, '')]];
  if (name.startsWith('operator ')) forms.push([name.replace(/^operator (?=\W)/, 'operator')]);
  const parts = name.match(/(?<=[.#])[\w-]+/g);
  if (languageOf(path) === 'lua') forms.push([name.split(/[.:]/).at(-1) ?? '']);
  if (languageOf(path) === 'css' && parts !== null) forms.push(parts);
  return forms;
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

function rowOf(language: string): Row {
  let row = rows.get(language);
  if (row === undefined) {
    row = { files: 0, oracle: 0, found: 0, own: 0, missing: [] };
    rows.set(language, row);
  }
  return row;
}
