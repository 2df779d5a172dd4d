// What the caller's thread and the symbol thread say to each other.
import type { DiscoveryQuery } from './discovery.ts';
import type { SymbolFact, SymbolKind } from './facts.ts';
import type { ReferenceType } from './occurrences.ts';
import type { Definition } from './symbol-table.ts';

/** Given to the symbol thread at its start. */
export interface SymbolSetup {
  /** Folder of the text index. */
  readonly text: string;
  /** Folder in which facts are kept. */
  readonly directory: string;
}

/** How far the symbols are. */
export interface SymbolState {
  /** The generation of the text index that symbols are known of; 0 before the first. */
  readonly generation: number;
  /** Files whose language is parsed. */
  readonly files: number;
  /** Texts parsed since this thread began. */
  readonly parsed: number;
  /** Files that were too large or took too long. */
  readonly unparsed: readonly string[];
  /** Definitions that were read since this was last told. */
  readonly news: readonly SymbolCount[];
}

/** How many definitions of a kind. */
export interface SymbolCount {
  readonly language: string;
  readonly kind: SymbolKind;
  readonly count: number;
}

/** A definition as it is answered. */
export interface FoundSymbol extends Definition {
  readonly language: string;
  /** 1 for the name itself, less for one that is alike. */
  readonly score: number;
}

/** A definition that does what was asked for; `similarity` from 0 to 1. */
export interface DiscoveredSymbol extends FoundSymbol {
  readonly similarity: number;
}

/** Which symbols are wanted. */
export interface SymbolQuery {
  readonly name: string;
  /** False: also other case, prefixes, parts and near misses. */
  readonly exact: boolean;
  readonly kinds?: readonly SymbolKind[];
  /** Glob of paths. */
  readonly include?: string;
  readonly limit: number;
}

/** Symbols, best first. */
export interface SymbolHits {
  readonly symbols: readonly FoundSymbol[];
  readonly total: number;
  /** Names that are alike, when nothing was found. */
  readonly similar: readonly string[];
}

/** Which references are wanted. */
export interface ReferenceQuery {
  readonly name: string;
  /** Chooses one of several definitions of the name. */
  readonly path?: string;
  readonly line?: number;
  readonly includeDefinitions: boolean;
  readonly include?: string;
  readonly limit: number;
}

/** One place where a name is used. */
export interface FoundReference {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly type: ReferenceType;
  readonly confidence: number;
  readonly content: string;
}

/** References by path and line. */
export interface ReferenceHits {
  readonly references: readonly FoundReference[];
  readonly total: number;
  /** What was meant: the chosen or the only definition. */
  readonly definition: FoundSymbol | undefined;
  /** False: time ran out, and there may be more. */
  readonly isComplete: boolean;
}

/** A file's symbols, with where each lies in the list's tree. */
export interface Outline {
  readonly language: string;
  readonly symbols: readonly SymbolFact[];
}

/** An edge of the graph of imports. */
export interface DependencyEdge {
  readonly from: string;
  readonly to: string;
  readonly isExternal: boolean;
  readonly line: number;
}

/** What a part of the tree depends on, or what depends on it. */
export interface DependencyGraph {
  /** Files that the path named. */
  readonly roots: readonly string[];
  readonly edges: readonly DependencyEdge[];
  /** Groups of files that depend on each other in a circle, among the files of the edges. */
  readonly cycles: readonly (readonly string[])[];
}

/** Something the symbol thread can do. */
export type SymbolCall =
  | { readonly kind: 'refresh' }
  | { readonly kind: 'lookup'; readonly query: SymbolQuery }
  | { readonly kind: 'outline'; readonly path: string }
  | {
      readonly kind: 'enclosing';
      readonly places: readonly { readonly path: string; readonly line: number }[];
    }
  | { readonly kind: 'references'; readonly query: ReferenceQuery }
  | {
      readonly kind: 'dependencies';
      readonly path: string;
      readonly depth: number;
      readonly direction: 'in' | 'out';
    }
  | { readonly kind: 'discover'; readonly query: DiscoveryQuery }
  | { readonly kind: 'counts'; readonly under: string }
  | { readonly kind: 'termCounts'; readonly paths: readonly string[]; readonly terms: readonly string[] }
  | { readonly kind: 'close' };

/** A call with the number that its answer repeats. */
export interface SymbolRequest {
  readonly id: number;
  readonly call: SymbolCall;
}

/** Symbols in all and by language. */
export interface SymbolCounts {
  readonly symbols: number;
  readonly byLanguage: Readonly<Record<string, number>>;
}
