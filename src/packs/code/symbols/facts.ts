// What parsing tells of one file: its definitions and its imports.

/** Kinds of definitions over all languages. */
export const SYMBOL_KINDS = [
  'function',
  'method',
  'class',
  'struct',
  'interface',
  'enum',
  'type',
  'constant',
  'variable',
  'field',
  'namespace',
  'macro',
  'implementation',
  'heading',
  'key',
  'target',
] as const;
/** One of {@link SYMBOL_KINDS}. */
export type SymbolKind = (typeof SYMBOL_KINDS)[number];

/** Who may use a definition, as its language says or by custom means. */
export const VISIBILITIES = ['public', 'protected', 'private'] as const;
/** One of {@link VISIBILITIES}. */
export type Visibility = (typeof VISIBILITIES)[number];

/** One definition. Lines and columns count from 1, columns in UTF-16 units. */
export interface SymbolFact {
  readonly name: string;
  readonly kind: SymbolKind;
  /** Of the name. */
  readonly line: number;
  readonly column: number;
  /** Of the whole definition. */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** What stands before the body, on one line. */
  readonly signature: string;
  /** The comment above it, or the docstring in it; empty without one. */
  readonly doc: string;
  /** Place in the list of the definition that encloses it; -1 at the top. */
  readonly parent: number;
  readonly visibility: Visibility;
  readonly isExported: boolean;
  /** Within the body of a function. */
  readonly isLocal: boolean;
}

/** One import, as written. */
export interface ImportFact {
  /** Without quotes. */
  readonly source: string;
  readonly line: number;
}

/** Definitions in the order of the file. */
export interface FileFacts {
  readonly symbols: readonly SymbolFact[];
  readonly imports: readonly ImportFact[];
}
