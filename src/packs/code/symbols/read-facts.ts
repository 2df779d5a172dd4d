// The facts of one text: by its grammar, by the patterns of its language, or by both where the grammar lost its way.
import { extractFacts } from './extract.ts';
import type { FileFacts, SymbolFact, SymbolKind } from './facts.ts';
import type { Grammar } from './grammars.ts';
import { packFacts } from './packed-facts.ts';
import { scanLanguageOf } from './scan/program-languages.ts';
import { scanText } from './scan/scanner.ts';
import type { Syntax } from './syntax.ts';

/** Undefined for a text that takes too long. */
export async function readFacts(
  text: string,
  grammar: Grammar,
  syntax: Syntax,
): Promise<FileFacts | undefined> {
  if (grammar.scan !== undefined) return scanText(text, scanLanguageOf(text, grammar.scan));
  // Signatures and documentation are those of the text as it is, whatever was parsed.
  const parse = (parsed: string) =>
    syntax.parse(parsed, grammar, (tree, matches) => ({
      facts: extractFacts(matches(), grammar, text),
      errors: tree.rootNode.hasError ? tree.rootNode.descendantsOfType('ERROR').length + 1 : 0,
    }));
  const plain = await parse(text);
  if (plain === undefined || plain.errors === 0) return plain?.facts;
  const { mend, rescue } = grammar;
  const mended = mend?.(text) ?? text;
  const other = mended === text ? undefined : await parse(mended);
  let { facts } = plain;
  if (other !== undefined) {
    const [better, worse] = other.errors < plain.errors ? [other, plain] : [plain, other];
    facts = withMissing(better.facts, worse.facts.symbols.filter(isNoMacro));
  }
  return rescue === undefined ? facts : withMissing(facts, scanText(text, rescue).symbols);
}

/** The same, packed. */
export async function readPacked(
  text: string,
  grammar: Grammar,
  syntax: Syntax,
): Promise<string | undefined> {
  const facts = await readFacts(text, grammar, syntax);
  return facts === undefined ? undefined : packFacts(facts);
}

const NAMED_LIKE_MACROS: ReadonlySet<SymbolKind> = new Set(['macro', 'constant', 'enum']);

/** A parse with errors takes macros for types and names of what they stand before. */
function isNoMacro({ name, kind }: SymbolFact): boolean {
  return NAMED_LIKE_MACROS.has(kind) || !/^[A-Z][A-Z0-9_]+$/.test(name);
}

/** Adds what is not known at its line, in the order of the file. */
function withMissing(facts: FileFacts, others: readonly SymbolFact[]): FileFacts {
  const known = new Set(facts.symbols.map(({ line, name }) => `${line} ${name}`));
  const missing = others.filter(({ line, name }) => !known.has(`${line} ${name}`));
  if (missing.length === 0) return facts;
  const rows = [
    ...facts.symbols.map((symbol, place) => ({ symbol, place })),
    // What encloses them may be among what was lost.
    ...missing.map((symbol) => ({ symbol: { ...symbol, parent: -1 }, place: -1 })),
  ].sort((a, b) => a.symbol.lineStart - b.symbol.lineStart || a.place - b.place);
  const moved = new Map(rows.map(({ place }, at) => [place, at]));
  const symbols = rows.map(({ symbol }) => ({
    ...symbol,
    parent: symbol.parent < 0 ? -1 : (moved.get(symbol.parent) ?? -1),
  }));
  return { ...facts, symbols };
}
