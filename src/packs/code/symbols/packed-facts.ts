// Facts as one short text: how they pass from thread to thread, and how they are kept. Values stand in a fixed order
// without names, and places are told from the definition before. FACTS_SCHEME is raised when any of it changes.
import { type FileFacts, type ImportFact, SYMBOL_KINDS, type SymbolFact, VISIBILITIES } from './facts.ts';

/** name, traits, lines since the start of the one before, lines to the name, lines to the end, column, steps to the parent, signature, doc */
type SymbolValues = [string, number, number, number, number, number, number, string, string];
const SYMBOL_VALUES = 9;

type Values = (string | number)[];

/** JSON without line breaks; {@link unpackFacts} reads it. */
export function packFacts({ symbols, imports }: FileFacts): string {
  const values: Values = [];
  let before = 0;
  for (const [place, symbol] of symbols.entries()) {
    const { name, line, column, lineStart, lineEnd, signature, doc, parent } = symbol;
    const up = parent < 0 ? 0 : place - parent;
    const packed: SymbolValues = [
      name,
      traitsOf(symbol),
      lineStart - before,
      line - lineStart,
      lineEnd - lineStart,
      column,
      up,
      signature,
      doc,
    ];
    values.push(...packed);
    before = lineStart;
  }
  return JSON.stringify([values, imports.flatMap(({ source, line }) => [source, line])]);
}

/** The facts of a text that {@link packFacts} made; nothing else is given to it. */
export function unpackFacts(packed: string): FileFacts {
  const [values, imported] = parseValues(packed);
  const symbols: SymbolFact[] = [];
  let before = 0;
  for (let at = 0; at < values.length; at += SYMBOL_VALUES) {
    const [name, traits, sinceStart, toName, toEnd, column, up, signature, doc] = parseSymbol(values, at);
    const lineStart = before + sinceStart;
    symbols.push({
      name,
      kind: SYMBOL_KINDS[traits >> KIND_SHIFT] ?? 'variable',
      line: lineStart + toName,
      column,
      lineStart,
      lineEnd: lineStart + toEnd,
      signature,
      doc,
      parent: up === 0 ? -1 : symbols.length - up,
      visibility: VISIBILITIES[(traits >> VISIBILITY_SHIFT) & VISIBILITY_MASK] ?? 'public',
      isExported: (traits & EXPORTED) !== 0,
      isLocal: (traits & LOCAL) !== 0,
    });
    before = lineStart;
  }
  const imports: ImportFact[] = [];
  for (let at = 0; at < imported.length; at += 2)
    imports.push({ source: String(imported[at]), line: Number(imported[at + 1]) });
  return { symbols, imports };
}

/** Bits of the traits, lowest first: local, exported, two of the visibility, the rest of the kind. */
const LOCAL = 1;
const EXPORTED = 2;
const VISIBILITY_SHIFT = 2;
const VISIBILITY_MASK = 3;
const KIND_SHIFT = 4;

function traitsOf({ kind, visibility, isExported, isLocal }: SymbolFact): number {
  return (
    (SYMBOL_KINDS.indexOf(kind) << KIND_SHIFT) |
    (VISIBILITIES.indexOf(visibility) << VISIBILITY_SHIFT) |
    (isExported ? EXPORTED : 0) |
    (isLocal ? LOCAL : 0)
  );
}

function parseValues(packed: string): readonly [Values, Values] {
  return JSON.parse(packed) as [Values, Values];
}

function parseSymbol(values: Values, at: number): SymbolValues {
  return values.slice(at, at + SYMBOL_VALUES) as SymbolValues;
}
