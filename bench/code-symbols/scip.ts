// How many definitions of a SCIP index the code pack knows, how many of its own are right, and how many ctags knows.
//
//   node bench/code-symbols/scip.ts <tree> <index.scip> [--missing]
//
// A definition counts as found when its file, line and name agree. Precision counts what the pack does not tell to be
// nested: neither local to a function nor a member of a value.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SymbolFact, SymbolKind } from '../../src/packs/code/symbols/facts.ts';
import { grammarOf } from '../../src/packs/code/symbols/grammars.ts';
import { readFacts } from '../../src/packs/code/symbols/read-facts.ts';
import { PARSE_BYTES_MAX, Syntax } from '../../src/packs/code/symbols/syntax.ts';
import { allTagsOf } from './ctags.ts';
import { readScipDefinitions, type ScipClass, type ScipDefinition } from './scip-index.ts';

type Counted = Exclude<ScipClass, 'other'>;

const CLASSES: readonly Counted[] = ['function', 'type', 'term'];
/** What the pack's kinds are in SCIP; kinds that are none of the three are not counted. */
const CLASS_OF_KIND: Readonly<Partial<Record<SymbolKind, Counted>>> = {
  function: 'function',
  method: 'function',
  class: 'type',
  struct: 'type',
  interface: 'type',
  enum: 'type',
  type: 'type',
  constant: 'term',
  variable: 'term',
  field: 'term',
};
const SHOWN = 40;

interface Row {
  gold: number;
  found: number;
  foundByCtags: number;
  own: number;
  right: number;
  readonly missing: string[];
  readonly wrong: string[];
}

const [tree = '.', index = ''] = process.argv
  .slice(2)
  .filter((word) => !word.startsWith('--'))
  .map((word) => resolve(word));
const rows = new Map<Counted, Row>(
  CLASSES.map((name) => [
    name,
    { gold: 0, found: 0, foundByCtags: 0, own: 0, right: 0, missing: [], wrong: [] },
  ]),
);
await measure();

console.log('| Class | SCIP | Recall | ctags | Not nested, known to the pack | Precision |');
console.log('|---|---|---|---|---|---|');
for (const [name, { gold, found, foundByCtags, own, right }] of rows)
  console.log(
    `| ${name} | ${gold} | ${share(found, gold)} | ${share(foundByCtags, gold)} | ${own} | ${share(right, own)} |`,
  );
if (process.argv.includes('--missing'))
  for (const [name, { missing, wrong }] of rows) {
    console.log(`${name}, missing:\n  ${missing.slice(0, SHOWN).join('\n  ')}`);
    console.log(`${name}, not in the index:\n  ${wrong.slice(0, SHOWN).join('\n  ')}`);
  }

async function measure(): Promise<void> {
  const documents = Map.groupBy(readScipDefinitions(index), ({ path }) => path);
  const paths = [...documents.keys()].filter((path) => grammarOf(path) !== undefined);
  const tags = Map.groupBy(allTagsOf(tree, paths), ({ path }) => path);
  const syntax = new Syntax();
  for (const path of paths) {
    const grammar = grammarOf(path);
    const text = readFileSync(join(tree, path), 'utf8');
    if (grammar === undefined || text.length > PARSE_BYTES_MAX) continue;
    const symbols = (await readFacts(text, grammar, syntax))?.symbols ?? [];
    const definitions = documents.get(path) ?? [];
    countRecall(path, definitions, {
      own: new Set(symbols.map(placeOf)),
      ctags: new Set(tags.get(path)?.map(placeOf)),
    });
    const gold = new Set(definitions.filter(({ isLocal }) => !isLocal).map(placeOf));
    for (const symbol of symbols) {
      const row = rows.get(CLASS_OF_KIND[symbol.kind] ?? ('other' as Counted));
      if (row === undefined || symbol.isLocal || isMember(symbols[symbol.parent])) continue;
      row.own++;
      if (gold.has(placeOf(symbol))) row.right++;
      else row.wrong.push(`${path}:${symbol.line} ${symbol.kind} ${symbol.name}`);
    }
  }
}

/** Whether what encloses a symbol is a value: a member of an object is known by it, and local for SCIP. */
function isMember(enclosing: SymbolFact | undefined): boolean {
  return enclosing?.kind === 'variable' || enclosing?.kind === 'constant';
}

interface Known {
  readonly own: ReadonlySet<string>;
  readonly ctags: ReadonlySet<string>;
}

function countRecall(path: string, definitions: readonly ScipDefinition[], { own, ctags }: Known): void {
  // Overloads and merged declarations are several occurrences; one place is one definition.
  const places = new Map(definitions.map((one) => [`${one.class} ${placeOf(one)}`, one]));
  for (const definition of places.values()) {
    const row = definition.class === 'other' ? undefined : rows.get(definition.class);
    if (row === undefined) continue;
    row.gold++;
    if (own.has(placeOf(definition))) row.found++;
    else row.missing.push(`${path}:${definition.line} ${definition.name}`);
    if (ctags.has(placeOf(definition))) row.foundByCtags++;
  }
}

function placeOf({ line, name }: { readonly line: number; readonly name: string }): string {
  return `${line} ${plainName(name)}`;
}

/** scip-typescript marks constructors and accessors, and keeps the quotes of a property. */
function plainName(name: string): string {
  return name.replace(/^<(?:get|set)>|^['"]|['"]$/g, '').replace(/^<constructor>$/, 'constructor');
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}
